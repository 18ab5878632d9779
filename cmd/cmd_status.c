/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/diag_client.h"
#include "cmd/status_table.h"

#include <string.h>

#define LIMIT_S 10
#define WATCH_EVERY "2s"

static const struct command_help help = {
    .usage = "tbot status [options]",
    .about =
        "Shows how the running agent is: the authority it keeps in touch with, its identity, and\n"
        "every service with its state, expiry, next renewal, and the last error with its "
        "remedy.\n\n"
        "The agent is asked over its local socket, as root or as the user it runs as: the one of "
        "the\n"
        "configuration file (-c) or the storage (--storage), else of the default storage.\n"
        "--diag-addr asks an agent elsewhere.\n\n" DIAG_EXIT_HELP,
    .examples = "  tbot status -c /etc/tbot.yaml\n"
                "  tbot status --watch\n"
                "  tbot status --json | jq '.services[] | select(.state != \"ok\")'\n"
                "  tbot status --diag-addr https://node7:3001 --ca ca.pem --token token\n",
};

struct values {
    unsigned json;
    struct dur watch;
};

static const struct opt opts[] = {
    {"json", .kind = OPT_SWITCH, .flags = OPT_NO_TWIN,
     .help = "the agent's JSON document instead of a table",
     .offset = offsetof(struct values, json)},
    {"watch", .kind = OPT_DURATION, .arg = "TIME", .implied = WATCH_EVERY,
     .help = "show it again and again, every " WATCH_EVERY ", until Ctrl-C",
     .offset = offsetof(struct values, watch)},
};

static RESULT fetch(struct diag_client *client, struct http_reply *ret)
{
    const struct diag_question q = {.method = "GET", .path = "/status", .limit = dur_s(LIMIT_S)};
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    TRY(diag_client_ask(client, &q, &reply));
    if (reply.status != 200)
        return diag_client_unexpected(client, &reply);
    *ret = reply;
    reply = (struct http_reply){0};
    return NULL;
}

static RESULT put_bytes(struct bytes document, FILE *to)
{
    if (fwrite(document.data, 1, document.len, to) != document.len || fflush(to) != 0)
        return err_new(ERR_STORAGE, "standard output cannot be written to");
    return NULL;
}

static RESULT show(struct diag_client *client, const struct values *v, const struct terminal *t,
                   FILE *to, bool *ret_ready)
{
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    TRY(fetch(client, &reply));
    struct bytes document = buf_bytes(&reply.body);
    TRY(status_table_is_ready(document, ret_ready));
    return v->json ? put_bytes(document, to) : status_table_print(document, t, to);
}

/* An agent that is away for a while is what somebody who watches wants to see, not the end of it. */
static RESULT show_or_tell(struct diag_client *client, const struct values *v,
                           const struct terminal *t, FILE *to)
{
    bool is_ready;
    struct err *e = show(client, v, t, to, &is_ready);
    if (diag_options_exit(e) != DIAG_EXIT_UNREACHABLE && diag_options_exit(e) != DIAG_EXIT_TIMEOUT)
        return e;
    CLEANUP(freep) char *text = err_text(e);
    fprintf(to, "%s\n%s\n", text ? text : "out of memory", err_hint(e) ? err_hint(e) : "");
    err_free(e);
    return NULL;
}

/* One picture in one write: the screen does not flicker. */
static RESULT redraw(struct diag_client *client, const struct values *v, const struct terminal *t)
{
    CLEANUP(freep) char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    if (!to)
        return err_nomem();
    if (t->has_cursor)
        fputs(TERMINAL_CLEAR, to);
    struct err *e = show_or_tell(client, v, t, to);
    if (!t->has_cursor && !v->json)
        fputc('\n', to); /* pictures below each other */
    if (fclose(to) != 0 && !e)
        e = err_nomem();
    return e ? e : put_bytes((struct bytes){(const uint8_t *)text, len}, stdout);
}

static RESULT watch(struct diag_client *client, const struct values *v, const struct terminal *t)
{
    const struct ctx forever = {.clock = client->clock, .deadline = MONO_NEVER};
    for (;;) {
        TRY(redraw(client, v, t));
        TRY(ctx_sleep(&forever, v->watch));
    }
}

static RESULT status(const struct diag_options *o, const struct values *v, bool *ret_ready)
{
    CLEANUP(diag_client_release) struct diag_client client = {0};
    const struct terminal t = terminal_of(stdout);
    TRY(diag_client_init(&client, o));
    if (v->watch.ns > 0)
        return watch(&client, v, &t);
    return show(&client, v, &t, stdout, ret_ready);
}

int cmd_status(struct globals *globals, int argc, char **argv)
{
    struct values values = {0};
    struct diag_options o = {.globals = globals};
    const struct diag_command command = {
        .help = &help, .own = {"Status", opts, sizeof(opts) / sizeof(*opts), &values}};
    bool is_ready = false;
    int code = 0;
    if (!diag_options_begin(&o, &command, argc, argv, &code))
        return code;
    struct err *e = status(&o, &values, &is_ready);
    if (e)
        return diag_options_fail(e);
    return is_ready ? DIAG_EXIT_OK : DIAG_EXIT_NOT_READY;
}
