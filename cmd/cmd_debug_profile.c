/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cmd_debug.h"
#include "cmd/diag_client.h"
#include "cmd/out_file.h"
#include "diag/profile/profiler.h"

#include <stdio.h>
#include <string.h>

#define PAGE_MAX 256

static const char *const kinds[] = {"cpu", "heap", NULL};

static const struct command_help help = {
    .usage = "tbot debug profile [cpu|heap] [--seconds N] [-o FILE] [options]",
    .about = "Writes a profile of the running agent for 'go tool pprof': where processor time goes "
             "(cpu),\n"
             "watched for so many seconds, or who holds memory (heap). The agent must run with "
             "--debug.\n\n"
             "Without -o the file is named after what it is and when, in the current directory.\n"
             "\n" DIAG_EXIT_HELP,
    .examples = "  tbot debug profile --seconds 10\n"
                "  tbot debug profile heap -o heap.pb.gz && go tool pprof -top heap.pb.gz\n",
    .operands = kinds,
};

struct values {
    const char *seconds, *output;
};

static const struct opt opts[] = {
    {"seconds", .kind = OPT_TEXT, .arg = "N", .help = "how long to watch the processor, 30",
     .offset = offsetof(struct values, seconds)},
    {"output", 'o', OPT_TEXT, .arg = "FILE", .help = "write there, - for standard output",
     .offset = offsetof(struct values, output)},
};

static RESULT parse_seconds(const char *text, unsigned *ret)
{
    unsigned n = 0;
    if (!text) {
        *ret = PROFILER_SECONDS;
        return NULL;
    }
    for (const char *p = text; *p && n <= PROFILER_SECONDS_MAX; p++) {
        bool is_digit = *p >= '0' && *p <= '9';
        n = is_digit ? n * 10 + (unsigned)(*p - '0') : PROFILER_SECONDS_MAX + 1;
    }
    if (n == 0 || n > PROFILER_SECONDS_MAX)
        return err_new(ERR_USAGE, "option '--seconds': '%s' is not a number from 1 to %d", text,
                       PROFILER_SECONDS_MAX);
    *ret = n;
    return NULL;
}

struct profile {
    const char *kind;
    struct dur takes;
    char path[PAGE_MAX];
};

static RESULT choose(const struct diag_options *o, const struct values *v, struct profile *ret)
{
    struct profile p = {.kind = o->n_operands > 0 ? o->operands[0] : "cpu"};
    unsigned seconds = 0;
    bool is_heap = strcmp(p.kind, "heap") == 0;
    TRY(parse_seconds(v->seconds, &seconds));
    if (!is_heap && strcmp(p.kind, "cpu") != 0)
        return err_new(ERR_USAGE, "no profile '%s', there are 'cpu' and 'heap'", p.kind);
    if (is_heap && v->seconds)
        return err_new(ERR_USAGE, "option '--seconds' is about the profile 'cpu'");
    if (is_heap) {
        snprintf(p.path, sizeof(p.path), "/debug/pprof/heap");
    } else {
        p.takes = dur_s(seconds);
        snprintf(p.path, sizeof(p.path), "/debug/pprof/profile?seconds=%u", seconds);
    }
    *ret = p;
    return NULL;
}

static RESULT fetch(const struct diag_options *o, const struct profile *p, struct http_reply *ret)
{
    CLEANUP(diag_client_release) struct diag_client client = {0};
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    const struct diag_question q = {.method = "GET",
                                    .path = p->path,
                                    .accept = "application/octet-stream",
                                    .limit = {p->takes.ns + dur_s(CMD_DEBUG_LIMIT_S).ns}};
    TRY(diag_client_init(&client, o));
    TRY(diag_client_ask(&client, &q, &reply));
    struct err *e = reply.status == 200 ? NULL : diag_client_unexpected(&client, &reply);
    if (e)
        return reply.status == 404
                   ? err_set_hint(e, "Profiles need an agent that runs with --debug.")
                   : e;
    *ret = reply;
    reply = (struct http_reply){0};
    return NULL;
}

static RESULT profile(const struct diag_options *o, const struct values *v)
{
    struct profile p;
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    CLEANUP(freep) char *made = NULL;
    TRY(choose(o, v, &p));
    if (!v->output)
        TRY(cmd_debug_file_name(p.kind, ".pb.gz", &made));
    const char *output = v->output ? v->output : made;
    TRY(fetch(o, &p, &reply));
    TRY(out_file_write(output, buf_bytes(&reply.body)));
    if (!out_file_is_stdout(output))
        fprintf(stderr, "tbot: wrote '%s'; look at it with: go tool pprof -top %s\n", output,
                output);
    return NULL;
}

int cmd_debug_profile(struct globals *globals, int argc, char **argv)
{
    struct values values = {0};
    struct diag_options o = {.globals = globals};
    const struct diag_command command = {
        .help = &help,
        .own = {"Profile", opts, sizeof(opts) / sizeof(*opts), &values},
        .max_operands = 1};
    int code = 0;
    if (!diag_options_begin(&o, &command, argc, argv, &code))
        return code;
    return diag_options_fail(profile(&o, &values));
}
