/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/check.h"
#include "cmd/harden.h"
#include "cmd/start_config.h"
#include "cmd/test_json.h"
#include "cmd/test_report.h"
#include "transport/transport.h"

#define STEP_LIMIT_S 10

static const struct command_help help = {
    .usage = "tbot test [identity|legacy] [options]",
    .about =
        "Says whether 'tbot start' with the same options would work: reads the configuration, "
        "looks\n"
        "at files, directories and the stored identity, and tells every finding with its remedy.\n"
        "With --connect it goes every step to the cluster too: name, TCP, TLS, certificate, "
        "clock,\n"
        "ping.\n\n"
        "It writes nothing, takes no lock and shows the token to nobody: run it beside a running\n"
        "agent, with the new configuration, before you restart. Run it as the user that runs "
        "tbot.\n\n"
        "Exit status: 0 when it would work (there may be warnings), 1 when something failed, 2 "
        "when\n"
        "the command line is wrong.\n",
    .examples =
        "  tbot test -c /etc/tbot.yaml --connect\n"
        "  sudo -u tbot tbot test -c /etc/tbot.new.yaml\n"
        "  tbot test -c /etc/tbot.yaml --json | jq '.checks[] | select(.status != \"ok\")'\n",
    .commands = start_sub_commands,
};

/* What is tested, and who is told. */
struct test {
    const struct start_options *options;
    const char *file;
    struct config *config;
    bool has_token; /* in the file */
    struct check check;
};

static void test_release(struct test *t)
{
    check_release(&t->check);
    config_free(t->config);
}

static RESULT load(struct test *t)
{
    TRY(start_config_read(t->options, &t->config));
    const struct config_onboarding *onboarding = &t->config->onboarding;
    t->has_token = onboarding->token && !config_rejoins(onboarding); /* a mere name otherwise */
    return start_config_complete(t->options, t->config);
}

/* `e` is what loading gave. */
static void run(struct test *t, struct err *e, const struct check_sink *sink)
{
    const struct check_subject subject = {
        .config = e ? NULL : t->config, .file = t->file, .has_token = t->has_token};
    struct dur limit = t->options->timeout;
    t->check = (struct check){.sink = sink, .clock = clock_system(), .getenv = getenv};
    if (e)
        check_config_error(&t->check, t->file, e);
    else
        check_here(&t->check, &subject);
    if (opts_is_on(t->options->connect))
        check_connect(&t->check, &subject, limit.ns > 0 ? limit : dur_s(STEP_LIMIT_S));
}

static RESULT test_as_table(struct test *t, struct err *e)
{
    struct test_report report;
    test_report_init(&report, stdout);
    const struct check_sink sink = test_report_sink(&report);
    run(t, e, &sink);
    test_report_verdict(&report, &(struct test_verdict){
                                     .file = t->file,
                                     .n_outputs = t->config ? t->config->n_services : 0,
                                     .failed = t->check.failed,
                                     .warnings = t->check.warnings,
                                 });
    return ferror(stdout) ? err_new(ERR_STORAGE, "standard output cannot be written to") : NULL;
}

static RESULT test_as_json(struct test *t, struct err *e)
{
    CLEANUP(test_json_freep) struct test_json *json = NULL;
    struct err *failed = test_json_new(t->file, &json);
    if (failed) {
        err_ignore(e, "it cannot be told");
        return failed;
    }
    const struct check_sink sink = test_json_sink(json);
    run(t, e, &sink);
    return test_json_print(json, t->check.failed == 0, stdout);
}

/* What was found is in `t`; an error only where it could not be told, or not be asked for. */
static RESULT test(struct test *t)
{
    struct err *e = load(t);
    if (err_code(e) == ERR_USAGE)
        return e;
    return opts_is_on(t->options->json) ? test_as_json(t, e) : test_as_table(t, e);
}

static RESULT test_with_transport(struct test *t)
{
    if (!opts_is_on(t->options->connect))
        return test(t);
    TRY(transport_init(NULL));
    struct err *e = test(t);
    transport_shutdown();
    return e;
}

static int run_test(const struct start_options *options)
{
    CLEANUP(test_release)
    struct test t = {.options = options, .file = options->globals->config_path};
    struct err *e = test_with_transport(&t);
    if (e)
        return command_fail(e);
    return t.check.failed ? 1 : 0;
}

static RESULT check_options(const struct start_options *options)
{
    if (options->timeout.ns > 0 && !opts_is_on(options->connect))
        return err_new(ERR_USAGE, "option '--timeout' is about the steps of '--connect'");
    return start_config_check_given(options, "test");
}

int cmd_test(struct globals *globals, int argc, char **argv)
{
    CLEANUP(start_options_release) struct start_options options = {0};
    harden_process();
    struct err *e = start_options_parse(&options, START_TEST, globals, argc, argv);
    if (!e && globals->help)
        return start_options_help(&options, &help);
    if (!e)
        e = check_options(&options);
    return e ? command_fail(e) : run_test(&options);
}
