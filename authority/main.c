/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/calls.h"
#include "authority/control.h"
#include "authority/options.h"
#include "authority/say.h"
#include "authority/server.h"
#include "base/loop.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define EXIT_MISUSE 2

static int fail(struct err *e)
{
    if (!e)
        return EXIT_SUCCESS;
    CLEANUP(freep) char *text = err_text(e);
    const char *hint = err_hint(e);
    int status = err_code(e) == ERR_USAGE ? EXIT_MISUSE : EXIT_FAILURE;
    fprintf(stderr, "tbot-authority: %s\n", text ? text : "out of memory");
    if (hint)
        fprintf(stderr, "%s\n", hint);
    err_free(e);
    return status;
}

static int control(int argc, char **argv)
{
    if (argc < 4)
        return fail(err_new(ERR_USAGE, "control needs the socket's PATH and a COMMAND"));
    return fail(control_send(argv[2], argv + 3, argc - 3));
}

static int serve(const struct options *options)
{
    umask(077);
    if (options->is_quiet)
        say_nothing();
    /* Before gRPC starts threads: they inherit the mask. */
    loop_block_signals();
    calls_global_init();
    struct err *e = server_run(options);
    calls_global_release();
    return fail(e);
}

int main(int argc, char **argv)
{
    CLEANUP(options_release) struct options options = {.version = 0};
    if (argc > 1 && strcmp(argv[1], "control") == 0)
        return control(argc, argv);
    struct err *e = options_parse(argc, argv, &options);
    if (e)
        return fail(e);
    if (options.wants_help) {
        fputs(options_help(), stdout);
        return EXIT_SUCCESS;
    }
    if (options.wants_version) {
        puts("tbot-authority " TBOT_AUTHORITY_VERSION);
        return EXIT_SUCCESS;
    }
    return serve(&options);
}
