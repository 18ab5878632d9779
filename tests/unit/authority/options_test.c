/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/options.h"

#include "tests/support/assert_err.h"

#define W(text) ((char[]){text})

/* Arguments are borrowed: they must outlive the options, unlike a literal in an assertion. */
static struct err *parse(char **argv, struct options *ret)
{
    int argc = 0;
    while (argv[argc])
        argc++;
    return options_parse(argc, argv, ret);
}

static void test_defaults_are_loopback_and_version_17(void **state)
{
    (void)state;
    CLEANUP(options_release) struct options o = {0};
    char *alone[] = {W("tbot-authority"), NULL};
    assert_ok(parse(alone, &o));
    assert_int_equal(o.version, 17);
    assert_int_equal(o.suite, SUITE_BALANCED_V1);
    assert_string_equal(o.bots.items[0], "demo=access");
    const struct sockaddr_in *auth = (const struct sockaddr_in *)&o.listen_auth;
    assert_int_equal(auth->sin_family, AF_INET);
    assert_int_equal(ntohl(auth->sin_addr.s_addr), INADDR_LOOPBACK);
    assert_int_equal(auth->sin_port, 0);
    assert_int_equal(o.listen_web.ss_family, AF_INET);
}

static void test_everything_can_be_said(void **state)
{
    (void)state;
    CLEANUP(options_release) struct options o = {0};
    char *argv[] = {W("tbot-authority"), W("--cluster=c"),
                    W("--imitate"),      W("15"),
                    W("--bot"),          W("x=a,b"),
                    W("--token"),        W("t=x"),
                    W("--leaf"),         W("l1"),
                    W("--leaf"),         W("l2"),
                    W("--listen-auth"),  W("[::1]:3025"),
                    W("--listen-web"),   W("off"),
                    W("--state"),        W("s"),
                    W("--control"),      W("p"),
                    W("--quiet"),        NULL};
    assert_ok(parse(argv, &o));
    assert_string_equal(o.cluster, "c");
    assert_int_equal(o.version, 15);
    assert_int_equal(o.suite, SUITE_LEGACY);
    assert_int_equal(o.leaves.len, 2);
    const struct sockaddr_in6 *auth = (const struct sockaddr_in6 *)&o.listen_auth;
    assert_int_equal(auth->sin6_family, AF_INET6);
    assert_int_equal(ntohs(auth->sin6_port), 3025);
    assert_int_equal(o.listen_web.ss_family, 0);
    assert_true(o.is_quiet);
}

static void test_mistakes_are_told(void **state)
{
    (void)state;
    const struct {
        char *argument;
        const char *part;
    } wrong[] = {
        {W("--nonsense"), "no option '--nonsense'"},
        {W("--cluster"), "--cluster needs a value"},
        {W("serve"), "unexpected 'serve'"},
        {W("--imitate=14"), "15 to 18, not '14'"},
        {W("--imitate=x"), "not 'x'"},
        {W("--suite=fips"), "no 'fips'"},
        {W("--cluster="), "1 to 200"},
        {W("--listen-auth=localhost:1"), "'localhost' is not an IP address"},
        {W("--listen-auth=127.0.0.1"), "is not ADDRESS:PORT"},
        {W("--listen-auth=127.0.0.1:"), "is not ADDRESS:PORT"},
        {W("--listen-auth=127.0.0.1:70000"), "is not ADDRESS:PORT"},
        {W("--listen-auth=127.0.0.1:1x"), "is not ADDRESS:PORT"},
        {W("--listen-auth=:1"), "is not ADDRESS:PORT"},
        {W("--listen-web=0.0.0.0:1"), "can be reached by other machines"},
        {W("--listen-web=[::]:1"), "can be reached by other machines"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        CLEANUP(options_release) struct options o = {0};
        char *argv[] = {W("tbot-authority"), wrong[i].argument, NULL};
        assert_fails(parse(argv, &o), ERR_USAGE, wrong[i].part);
    }
}

static void test_suite_that_an_old_version_does_not_know_is_refused(void **state)
{
    (void)state;
    CLEANUP(options_release) struct options o = {0};
    char *argv[] = {W("tbot-authority"), W("--imitate=16"), W("--suite=balanced-v1"), NULL};
    assert_fails(parse(argv, &o), ERR_USAGE, "version 16 knows legacy only");
}

static void test_address_of_the_machine_needs_an_extra_word(void **state)
{
    (void)state;
    CLEANUP(options_release) struct options o = {0};
    char *argv[] = {W("tbot-authority"), W("--listen-auth=0.0.0.0:1"), W("--unsafe-listen"), NULL};
    assert_ok(parse(argv, &o));
}

static void test_help_names_every_fault_and_option(void **state)
{
    (void)state;
    const char *const words[] = {"--cluster", "--imitate",    "--suite",           "--leaf",
                                 "--bot",     "--token",      "--state",           "--listen-auth",
                                 "--web-ca",  "--listen-web", "--unsafe-listen",   "--ready-file",
                                 "--control", "--quiet",      "NOT a replacement", "rotate"};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (!strstr(options_help(), words[i]))
            fail_msg("--help does not say '%s'", words[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_loopback_and_version_17),
        cmocka_unit_test(test_everything_can_be_said),
        cmocka_unit_test(test_mistakes_are_told),
        cmocka_unit_test(test_suite_that_an_old_version_does_not_know_is_refused),
        cmocka_unit_test(test_address_of_the_machine_needs_an_extra_word),
        cmocka_unit_test(test_help_names_every_fault_and_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
