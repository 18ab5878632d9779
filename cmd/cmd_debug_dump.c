/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cmd_debug.h"

#include "agent/config_mask.h"
#include "agent/config_write.h"
#include "base/text.h"
#include "cmd/diag_client.h"
#include "cmd/out_file.h"
#include "cmd/reply_text.h"
#include "cmd/tar_gz.h"

#include <stdio.h>

#define FOLDER "tbot-dump/"
#define INDEX_MAX ((size_t)64 * 1024)

static const struct command_help help = {
    .usage = "tbot debug dump [-o FILE] [options]",
    .about =
        "Writes one .tar.gz with what support asks for: the running agent's status, readiness,\n"
        "metrics, log level and threads (with --debug), versions, and the configuration file "
        "named\n"
        "with -c. No secret is in it: of the configuration every sensitive value is masked. Names\n"
        "of hosts, services and files are: look at it before you send it.\n\n"
        "Without -o the file is named after the time, in the current directory.\n\n" DIAG_EXIT_HELP,
    .examples = "  tbot debug dump -c /etc/tbot.yaml\n"
                "  kubectl exec POD -- tbot debug dump -o - >dump.tar.gz\n",
};

struct values {
    const char *output;
};

static const struct opt opts[] = {
    {"output", 'o', OPT_TEXT, .arg = "FILE", .help = "write there, - for standard output",
     .offset = offsetof(struct values, output)},
};

/* What is asked for, and the file it becomes. */
static const struct page {
    const char *path, *accept, *file;
    const char *absent; /* why a 404 is no surprise; NULL: it is one */
} pages[] = {
    {"/status", NULL, "status.json", NULL},
    {"/readyz", NULL, "readyz.json", NULL},
    {"/servez", NULL, "servez.json", NULL},
    {"/metrics", "text/plain", "metrics.txt", NULL},
    {"/log-level", "text/plain", "log-level.txt", NULL},
    {"/debug/pprof/threads", "text/plain", "threads.txt", "the agent runs without --debug"},
};

struct dump {
    struct diag_client client;
    struct tar_gz *archive;
    struct buf index; /* what is there, and what is not and why */
};

static void dump_release(struct dump *d)
{
    diag_client_release(&d->client);
    tar_gz_free(d->archive);
    buf_release(&d->index);
}

static RESULT add(struct dump *d, const char *file, struct bytes content)
{
    char name[100];
    snprintf(name, sizeof(name), FOLDER "%s", file);
    TRY(tar_gz_add(d->archive, name, content));
    return buf_printf(&d->index, "%s: %zu bytes\n", file, content.len);
}

static RESULT note(struct dump *d, const char *file, const struct err *why)
{
    CLEANUP(freep) char *text = err_text(why);
    return buf_printf(&d->index, "%s: not there: %s\n", file, text ? text : "out of memory");
}

/* An answer that says "not ready" is what is wanted as much as one that says it is. */
static bool is_answer(const struct http_reply *reply)
{
    return reply->status == 200 || reply->status == 400 || reply->status == 503;
}

/* The first page tells whether there is an agent at all; what comes behind it may be missing. */
static RESULT add_page(struct dump *d, const struct page *page)
{
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    const struct diag_question q = {.method = "GET",
                                    .path = page->path,
                                    .accept = page->accept,
                                    .limit = dur_s(CMD_DEBUG_LIMIT_S)};
    CLEANUP(err_freep) struct err *e = diag_client_ask(&d->client, &q, &reply);
    if (e && page == pages)
        return TAKE(e);
    if (!e && reply.status == 404 && page->absent)
        return buf_printf(&d->index, "%s: not there: %s\n", page->file, page->absent);
    if (!e && !is_answer(&reply))
        e = diag_client_unexpected(&d->client, &reply);
    return e ? note(d, page->file, e) : add(d, page->file, buf_bytes(&reply.body));
}

static RESULT mask_config(const char *path, struct secret **ret)
{
    CLEANUP(config_freep) struct config *config = NULL;
    TRY(config_load(path, &config));
    TRY(config_mask(config));
    return config_write(config, ret);
}

static RESULT add_config(struct dump *d, const char *path)
{
    CLEANUP(secret_freep) struct secret *text = NULL;
    if (!path)
        return buf_add_str(&d->index, "tbot.yaml: not there: no -c FILE\n");
    CLEANUP(err_freep) struct err *e = mask_config(path, &text);
    return e ? note(d, "tbot.yaml", e) : add(d, "tbot.yaml", secret_bytes(text));
}

static RESULT add_index(struct dump *d)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(INDEX_MAX + 256);
    char when[RFC3339_SIZE];
    wall_format(clock_wall(d->client.clock), false, when);
    TRY(buf_printf(&text, "tbot v%s asked the agent at '%s' at %s\n\n%s", TBOT_VERSION,
                   d->client.where.text, when, buf_str(&d->index)));
    return tar_gz_add(d->archive, FOLDER "index.txt", buf_bytes(&text));
}

static RESULT collect(struct dump *d, const struct diag_options *o, struct bytes *ret)
{
    TRY(diag_client_init(&d->client, o));
    TRY(tar_gz_new(clock_wall(d->client.clock), &d->archive));
    for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++)
        TRY(add_page(d, &pages[i]));
    TRY(add_config(d, o->globals->config_path));
    TRY(add_index(d));
    return tar_gz_finish(d->archive, ret);
}

RESULT cmd_debug_file_name(const char *what, const char *suffix, char **ret)
{
    char when[RFC3339_SIZE], compact[RFC3339_SIZE];
    size_t n = 0;
    wall_format(clock_wall(clock_system()), false, when);
    for (const char *p = when; *p; p++)
        if (*p != '-' && *p != ':')
            compact[n++] = *p;
    compact[n] = '\0';
    return text_format(ret, "tbot-%s-%s%s", what, compact, suffix);
}

static RESULT dump(const struct diag_options *o, const struct values *v)
{
    CLEANUP(dump_release) struct dump d = {.index = BUF_INIT(INDEX_MAX)};
    CLEANUP(freep) char *made = NULL;
    struct bytes content;
    if (!v->output)
        TRY(cmd_debug_file_name("dump", ".tar.gz", &made));
    const char *output = v->output ? v->output : made;
    TRY(collect(&d, o, &content));
    TRY(out_file_write(output, content));
    if (!out_file_is_stdout(output))
        fprintf(stderr, "tbot: wrote '%s'; look at it before you send it: tar xzf %s\n", output,
                output);
    return NULL;
}

int cmd_debug_dump(struct globals *globals, int argc, char **argv)
{
    struct values values = {0};
    struct diag_options o = {.globals = globals};
    const struct diag_command command = {
        .help = &help, .own = {"Dump", opts, sizeof(opts) / sizeof(*opts), &values}};
    int code = 0;
    if (!diag_options_begin(&o, &command, argc, argv, &code))
        return code;
    return diag_options_fail(dump(&o, &values));
}
