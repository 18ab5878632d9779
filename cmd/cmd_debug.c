/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cmd_debug.h"

#include "agent/config_suggest.h"
#include "cmd/diag_client.h"
#include "cmd/out_file.h"
#include "cmd/plain_text.h"
#include "cmd/reply_text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PAGE_MAX 256

/* --- one question, its answer on standard output --- */

static struct err *no_level(const char *level, struct bytes body)
{
    CLEANUP(freep) char *why = reply_text(body, "error");
    return err_new(ERR_USAGE, "no log level '%s'%s%s", level, why ? ": " : "", why ? why : "");
}

static RESULT ask(const struct diag_options *o, const struct diag_question *q,
                  struct http_reply *ret)
{
    CLEANUP(diag_client_release) struct diag_client client = {0};
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    TRY(diag_client_init(&client, o));
    TRY(diag_client_ask(&client, q, &reply));
    if (reply.status == 422)
        return no_level(q->body, buf_bytes(&reply.body));
    if (reply.status != 200)
        return diag_client_unexpected(&client, &reply);
    *ret = reply;
    reply = (struct http_reply){0};
    return NULL;
}

/* To a program as it came; on a terminal nothing that steers it. */
static RESULT print_answer(const struct diag_options *o, const struct diag_question *q)
{
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    TRY(ask(o, q, &reply));
    if (!isatty(STDOUT_FILENO))
        return out_file_write(NULL, buf_bytes(&reply.body));
    CLEANUP(freep) char *plain = plain_lines(buf_str(&reply.body));
    return plain ? out_file_write(NULL, bytes_of_str(plain)) : err_nomem();
}

/* --- the log's level --- */

static const struct command_help get_level_help = {
    .usage = "tbot debug get-log-level [options]",
    .about = "Prints the level of the running agent's log.\n\n" DIAG_EXIT_HELP,
};

/* Prints the text that `path` has; for a command without options of its own. */
static int print_text(struct globals *globals, const struct command_help *help, const char *path,
                      int argc, char **argv)
{
    struct diag_options o = {.globals = globals};
    const struct diag_command command = {.help = help};
    const struct diag_question q = {
        .method = "GET", .path = path, .accept = "text/plain", .limit = dur_s(CMD_DEBUG_LIMIT_S)};
    int code = 0;
    if (!diag_options_begin(&o, &command, argc, argv, &code))
        return code;
    return diag_options_fail(print_answer(&o, &q));
}

static int get_log_level(struct globals *globals, int argc, char **argv)
{
    return print_text(globals, &get_level_help, "/log-level", argc, argv);
}

static const char *const levels[] = {"debug", "info", "warn", "error", NULL};

static const struct command_help set_level_help = {
    .usage = "tbot debug set-log-level LEVEL [--for TIME] [options]",
    .about =
        "Sets the level of the running agent's log: debug, info, warn or error. With --for the\n"
        "agent puts it back by itself; otherwise it lasts until the agent ends.\n\n"
        "Over the network the agent wants a token with the right to change.\n\n" DIAG_EXIT_HELP,
    .examples = "  tbot debug set-log-level debug --for 10m\n",
    .operands = levels,
};

struct level_values {
    struct dur limit;
};

static const struct opt level_opts[] = {
    {"for", .kind = OPT_DURATION, .arg = "TIME", .help = "how long; until the agent ends",
     .offset = offsetof(struct level_values, limit)},
};

static RESULT set_level(const struct diag_options *o, const struct level_values *v)
{
    char path[PAGE_MAX] = "/log-level";
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    if (o->n_operands == 0)
        return err_new(ERR_USAGE, "which level? debug, info, warn or error");
    if (v->limit.ns > 0)
        snprintf(path, sizeof(path), "/log-level?for=%lldms", (long long)dur_to_ms(v->limit));
    const struct diag_question q = {.method = "PUT",
                                    .path = path,
                                    .accept = "text/plain",
                                    .body = o->operands[0],
                                    .limit = dur_s(CMD_DEBUG_LIMIT_S)};
    TRY(ask(o, &q, &reply));
    const char *text = buf_str(&reply.body);
    CLEANUP(freep) char *line = strndup(text, strcspn(text, "\n"));
    CLEANUP(freep) char *plain = line ? plain_text(line) : NULL;
    if (!plain)
        return err_nomem();
    puts(plain);
    return NULL;
}

static int set_log_level(struct globals *globals, int argc, char **argv)
{
    struct level_values values = {.limit = {0}};
    struct diag_options o = {.globals = globals};
    const struct diag_command command = {
        .help = &set_level_help,
        .own = {"Level", level_opts, sizeof(level_opts) / sizeof(*level_opts), &values},
        .max_operands = 1};
    int code = 0;
    if (!diag_options_begin(&o, &command, argc, argv, &code))
        return code;
    return diag_options_fail(set_level(&o, &values));
}

/* --- the metrics --- */

static const struct command_help metrics_help = {
    .usage = "tbot debug metrics [options]",
    .about =
        "Prints the metrics of the running agent, in Prometheus' text format.\n\n" DIAG_EXIT_HELP,
};

static int metrics(struct globals *globals, int argc, char **argv)
{
    return print_text(globals, &metrics_help, "/metrics", argc, argv);
}

/* --- which of them --- */

static const struct command sub_commands[] = {
    {"get-log-level", "print the level of its log", get_log_level},
    {"set-log-level", "change it, for a while or for good", set_log_level},
    {"profile", "what it spends processor time or memory on, for 'go tool pprof'",
     cmd_debug_profile},
    {"metrics", "its metrics", metrics},
    {"dump", "one archive with all that support asks for, and no secret", cmd_debug_dump},
    {0},
};

static const struct command_help help = {
    .usage = "tbot debug COMMAND [options]",
    .about = "Looks into the running agent. 'tbot debug COMMAND --help' explains each command.\n",
    .commands = sub_commands,
};

static RESULT refuse(const char *name)
{
    struct config_suggest near = {.wrong = name};
    for (const struct command *sub = sub_commands; sub->name; sub++)
        config_suggest_try(&near, sub->name);
    if (near.best)
        return err_new(ERR_USAGE, "no command 'debug %s', did you mean 'debug %s'?", name,
                       near.best);
    return err_new(ERR_USAGE, "no command 'debug %s', see 'tbot debug --help'", name);
}

int cmd_debug(struct globals *globals, int argc, char **argv)
{
    struct opt_set set = globals_set(globals);
    int used = 0;
    struct err *e = opts_parse_leading(&set, 1, argc, argv, &used);
    if (e)
        return diag_options_fail(e);
    const struct command *sub = used < argc ? command_find(sub_commands, argv[used]) : NULL;
    if (sub)
        return sub->run(globals, argc - used - 1, argv + used + 1);
    if (used < argc)
        return diag_options_fail(refuse(argv[used]));
    if (globals->help)
        return command_help(&help, &set, 1);
    return diag_options_fail(err_new(ERR_USAGE, "debug what? See 'tbot debug --help'"));
}
