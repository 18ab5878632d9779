/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/control.h"

#include "authority/say.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define CLIENT_TIMEOUT dur_s(10)

struct command {
    const struct control_config *config;
    const struct strlist *words;
    struct buf *out;
};

/* The n-th argument, NULL when there is none. */
static const char *argument(const struct command *c, size_t n)
{
    return n + 1 < c->words->len ? c->words->items[n + 1] : NULL;
}

static RESULT check_count(const struct command *c, size_t min, size_t max)
{
    size_t n = c->words->len - 1;
    if (n < min || n > max)
        return err_new(ERR_USAGE, "'%s' takes %zu to %zu arguments, not %zu", c->words->items[0],
                       min, max, n);
    return NULL;
}

static RESULT clear(const struct command *c)
{
    enum fault_kind kind;
    const char *name = argument(c, 0);
    if (name && !fault_kind_parse(name, &kind))
        return err_new(ERR_USAGE, "there is no fault '%s'", name);
    if (name)
        authority_clear_fault_kind(c->config->authority, kind);
    else
        authority_clear_faults(c->config->authority);
    return c->config->apply_outage(c->config->arg);
}

static RESULT drop(const struct command *c)
{
    c->config->drop(c->config->arg);
    return NULL;
}

static RESULT end(const struct command *c)
{
    c->config->end(c->config->arg);
    return NULL;
}

static RESULT lock(const struct command *c)
{
    return authority_set_lock(c->config->authority, argument(c, 0), true);
}

static RESULT unlock(const struct command *c)
{
    return authority_set_lock(c->config->authority, argument(c, 0), false);
}

static RESULT rotate(const struct command *c)
{
    enum ca_kind kind = CA_KIND_COUNT;
    enum ca_phase phase = CA_STANDBY;
    const char *which = argument(c, 0), *to = argument(c, 1);
    if (which && strcmp(which, "all") != 0 && !ca_kind_parse(which, &kind))
        return err_new(ERR_USAGE, "there is no authority '%s'", which);
    if (to && !ca_phase_parse(to, &phase))
        return err_new(ERR_USAGE, "there is no phase '%s'", to);
    return authority_rotate(c->config->authority, kind, to ? &phase : NULL);
}

static RESULT new_bot(const struct command *c)
{
    CLEANUP(strlist_release) struct strlist roles = {0};
    const char *word = argument(c, 0), *equals = strchr(word, '=');
    CLEANUP(freep) char *name = strndup(word, equals ? (size_t)(equals - word) : strlen(word));
    if (!name)
        return err_nomem();
    TRY(strlist_split(&roles, equals ? equals + 1 : "access", ','));
    return authority_add_bot(c->config->authority, name, &roles);
}

static RESULT new_token(const struct command *c)
{
    CLEANUP(secret_freep) struct secret *token = NULL;
    TRY(authority_add_token(c->config->authority, NULL, argument(c, 0), &token));
    /* What is asked for here is the token itself; the socket is its owner's alone. */
    return buf_printf(c->out, "%s\n", secret_str(token));
}

static RESULT pin(const struct command *c)
{
    TRY(authority_pin(c->config->authority, c->out));
    return buf_add_str(c->out, "\n");
}

static RESULT status(const struct command *c)
{
    CLEANUP(freep) char *json = NULL;
    if (argument(c, 0) && strcmp(argument(c, 0), "--json") != 0)
        return err_new(ERR_USAGE, "'status' does not know '%s'", argument(c, 0));
    TRY(authority_status(c->config->authority, &json));
    return buf_printf(c->out, "%s\n", json);
}

static const struct {
    const char *name;
    size_t min, max;
    RESULT (*run)(const struct command *c);
} commands[] = {
    {"clear", 0, 1, clear},         {"drop", 0, 0, drop},
    {"lock", 1, 1, lock},           {"unlock", 1, 1, unlock},
    {"rotate", 0, 2, rotate},       {"new-bot", 1, 1, new_bot},
    {"new-token", 1, 1, new_token}, {"pin", 0, 0, pin},
    {"status", 0, 1, status},       {"stop", 0, 0, end},
};

static RESULT add_fault(const struct command *c)
{
    struct fault fault;
    TRY(fault_parse(c->words, &fault));
    TRY(authority_add_fault(c->config->authority, &fault));
    /* A live connection has its certificate already. */
    if (fault.kind == FAULT_WRONG_CERTIFICATE)
        c->config->drop(c->config->arg);
    return fault.kind == FAULT_REFUSE ? c->config->apply_outage(c->config->arg) : NULL;
}

RESULT control_run(const struct control_config *config, const char *line, struct buf *out)
{
    CLEANUP(strlist_release) struct strlist words = {0};
    TRY(faults_split_line(line, &words));
    if (!words.len)
        return err_new(ERR_USAGE, "an empty command");
    const struct command c = {config, &words, out};
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
        if (strcmp(words.items[0], commands[i].name) != 0)
            continue;
        TRY(check_count(&c, commands[i].min, commands[i].max));
        return commands[i].run(&c);
    }
    enum fault_kind kind;
    if (!fault_kind_parse(words.items[0], &kind))
        return err_new(ERR_USAGE, "there is no command '%s'", words.items[0]);
    return add_fault(&c);
}

/* To the end of the line. */
static RESULT read_line(int fd, const struct ctx *ctx, char out[CONTROL_MAX_LINE])
{
    size_t len = 0;
    for (;;) {
        TRY(ctx_wait_fd(ctx, fd, POLLIN));
        ssize_t n = recv(fd, out + len, CONTROL_MAX_LINE - 1 - len, MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            continue;
        if (n <= 0)
            return err_new(ERR_UNAVAILABLE, "the command was cut");
        len += (size_t)n;
        out[len] = '\0';
        char *newline = strchr(out, '\n');
        if (newline) {
            *newline = '\0';
            return NULL;
        }
        if (len == CONTROL_MAX_LINE - 1)
            return err_new(ERR_USAGE, "the command is too long");
    }
}

static RESULT write_all(int fd, const struct ctx *ctx, struct bytes data)
{
    while (data.len) {
        TRY(ctx_wait_fd(ctx, fd, POLLOUT));
        ssize_t n = send(fd, data.data, data.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN)
            continue;
        if (n < 0)
            return err_sys(ERR_UNAVAILABLE, errno, "answering a command");
        data.data += n;
        data.len -= (size_t)n;
    }
    return NULL;
}

static RESULT answer(const struct control_config *config, int fd)
{
    const struct ctx whole = {config->clock, config->stop, MONO_NEVER};
    const struct ctx reading = ctx_until(&whole, CLIENT_TIMEOUT);
    CLEANUP(buf_release) struct buf out = BUF_INIT(CONTROL_MAX_REPLY);
    char line[CONTROL_MAX_LINE];
    TRY(read_line(fd, &reading, line));
    CLEANUP(err_freep) struct err *e = control_run(config, line, &out);
    CLEANUP(freep) char *text = e ? err_text(e) : NULL;
    if (e)
        TRY(buf_printf(&out, "error: %s\n", text ? text : "out of memory"));
    else
        TRY(buf_add_str(&out, "ok\n"));
    say("command '%.200s': %s", line, e ? text : "ok");
    /* Also while the server ends: "stop" wants its answer. */
    const struct ctx replying = {config->clock, NULL, MONO_NEVER};
    const struct ctx soon = ctx_until(&replying, dur_ms(500));
    return write_all(fd, &soon, buf_bytes(&out));
}

void control_serve(struct conn *conn, int fd, void *arg)
{
    (void)conn;
    CLEANUP(closep) int owned = fd;
    say_err("control", answer(arg, owned));
}
