/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/output_files_text.h"
#include "tests/support/assert_err.h"
#include "tests/unit/agent/output_fixture.h"

#include <stdio.h>
#include <sys/wait.h>

static void test_check_cluster_with_usual_names_accepts(void **state)
{
    (void)state;
    assert_ok(output_text_check_cluster("example.test"));
    assert_ok(output_text_check_cluster("a"));
    assert_ok(output_text_check_cluster("Root-1_b.teleport.sh"));
    assert_ok(output_text_check_cluster("5f2d0f0e-3c4a-4a0e-8ec5-7a1c9d2b8f11"));
}

static void test_check_cluster_with_hostile_names_refuses(void **state)
{
    static const char *const hostile[] = {
        "",     "*",    "a*",  "a b",  "a,b", "a\nb", "a\rb", "a\"b",  "a'b",
        "a/b",  "../a", "..",  ".a",   "-a",  "a!b",  "!a",   "a?b",   "a%hb",
        "a$b",  "a`b`", "a;b", "a\\b", "a#b", "a:b",  "[a]",  "a\x7f", "a\xc3\xa4",
        "a\tb", "a=b",  "a@b", "_a",   "a&b", "a|b",  "a>b",  "\xff",
    };
    char too_long[OUTPUT_MAX_CLUSTER_NAME + 2];

    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++)
        assert_fails(output_text_check_cluster(hostile[i]), ERR_PROTOCOL, "cluster");
    memset(too_long, 'a', sizeof(too_long));
    too_long[OUTPUT_MAX_CLUSTER_NAME + 1] = '\0';
    assert_fails(output_text_check_cluster(too_long), ERR_PROTOCOL, "cluster");
    too_long[OUTPUT_MAX_CLUSTER_NAME] = '\0';
    assert_ok(output_text_check_cluster(too_long));
}

static void assert_host(const char *address, const char *want)
{
    CLEANUP(buf_release) struct buf host = BUF_INIT(256);

    assert_ok(output_text_proxy_host(address, &host));
    assert_string_equal(buf_str(&host), want);
}

static void test_proxy_host_with_addresses_gives_the_host(void **state)
{
    (void)state;
    assert_host("proxy.example.test:443", "proxy.example.test");
    assert_host("10.0.0.1:3080", "10.0.0.1");
    assert_host("[2001:db8::1]:443", "2001:db8::1");
    assert_host("localhost:65535", "localhost");
}

static void test_proxy_host_with_hostile_addresses_refuses(void **state)
{
    static const char *const hostile[] = {
        "",
        "host",
        ":443",
        "host:",
        "host:0",
        "host:65536",
        "host:99999999999999999999",
        "host:44a",
        "host:-1",
        "a b:443",
        "*:443",
        "a,b:443",
        "a\nb:443",
        "a'b:443",
        "[::1:443",
        "::1:443",
        "[fe80::1%x]:1",
        "[a*]:443",
        "[]:443",
        "-oX:443",
        "a\":443",
        "host:443\n",
        "host: 443",
        "$(x):443",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
        CLEANUP(buf_release) struct buf host = BUF_INIT(256);
        assert_fails(output_text_proxy_host(hostile[i], &host), ERR_PROTOCOL, "proxy address");
        assert_int_equal(host.len, 0);
    }
}

static void test_add_key_with_comment_and_newline_keeps_type_and_key(void **state)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(4096);

    (void)state;
    assert_ok(output_text_add_key(&out, FIXTURE_SSH_CA " root@host type=host\n"));
    assert_string_equal(buf_str(&out), FIXTURE_SSH_CA);
}

static void test_add_key_with_hostile_lines_refuses(void **state)
{
    static const char *const hostile[] = {
        "",
        "ssh-ed25519",
        "ssh-ed25519 ",
        "ssh-ed25519 !!!!",
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIPbh62ESgR4elkimb+o9IdJ5yl2DO8pCEbts6TRY7iuu",
        FIXTURE_SSH_CA "\n@cert-authority * " FIXTURE_SSH_CA_LEAF,
        FIXTURE_SSH_CA " x\n@cert-authority * " FIXTURE_SSH_CA_LEAF,
        "cert-authority " FIXTURE_SSH_CA,
        "@revoked " FIXTURE_SSH_CA,
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5",
        /* a key type with a line break in it, "a\nb" */
        "a\nb AAAAA2EKYgAAAAF4",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
        CLEANUP(buf_release) struct buf out = BUF_INIT(4096);
        assert_fails(output_text_add_key(&out, hostile[i]), ERR_CRYPTO, "");
        assert_int_equal(out.len, 0);
    }
}

static void test_add_key_with_odd_type_refuses(void **state)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(4096);

    (void)state;
    /* "a,*" as a type and one more string behind it: a well-formed SSH blob. */
    assert_fails(output_text_add_key(&out, "a,* AAAAA2EsKgAAAAF4"), ERR_PROTOCOL, "kind");
    assert_int_equal(out.len, 0);
}

static void test_add_ssh_path_quotes_and_doubles_percent(void **state)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(4096);

    (void)state;
    assert_ok(output_text_add_ssh_path(&out, "/opt/100% me", "key"));
    assert_ok(output_text_add_ssh_path(&out, "/", "a%b"));
    assert_ok(output_text_add_ssh_path(&out, "/it's/$HOME/", "key"));
    assert_string_equal(buf_str(&out), "\"/opt/100%% me/key\"\"/a%%b\"\"/it's/$HOME/key\"");
}

static void test_add_ssh_path_with_what_ssh_cannot_read_refuses(void **state)
{
    static const char *const bad[] = {"/a\"b", "/a\\b", "/a\nb", "/${HOME}", "/a\x01"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        CLEANUP(buf_release) struct buf out = BUF_INIT(4096);
        assert_fails(output_text_add_ssh_path(&out, bad[i], "key"), ERR_CONFIG, "path");
    }
}

static void assert_proxy_word(const char *word, const char *want)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(4096);

    assert_ok(output_text_add_proxy_word(&out, word));
    assert_string_equal(buf_str(&out), want);
}

static void test_add_proxy_word_quotes_for_shell_and_ssh(void **state)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(4096);

    (void)state;
    assert_proxy_word("/usr/bin/tbot", "'/usr/bin/tbot'");
    assert_proxy_word("", "''");
    assert_proxy_word("it's 5% \"$HOME\" `id` \\", "'it'\\''s 5%% \"$HOME\" `id` \\'");
    assert_fails(output_text_add_proxy_word(&out, "a\nb"), ERR_CONFIG, "control");
}

/* What the shell makes of the word, with ssh's doubling undone, is what went in. */
static void test_add_proxy_word_read_by_the_shell_gives_the_word_back(void **state)
{
    static const char word[] = "a'b''c \"$HOME\" `id` $(id) \\' * ; & | # ~ !x";
    CLEANUP(buf_release) struct buf command = BUF_INIT(4096);
    char got[256] = "";
    int ends[2];

    (void)state;
    assert_ok(buf_add_str(&command, "printf %s "));
    assert_ok(output_text_add_proxy_word(&command, word));
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl("/bin/sh", "sh", "-c", buf_str(&command), (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    ssize_t n = read(ends[0], got, sizeof(got) - 1);
    close(ends[0]);
    waitpid(child, NULL, 0);
    assert_int_equal(n, sizeof(word) - 1);
    assert_string_equal(got, word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_cluster_with_usual_names_accepts),
        cmocka_unit_test(test_check_cluster_with_hostile_names_refuses),
        cmocka_unit_test(test_proxy_host_with_addresses_gives_the_host),
        cmocka_unit_test(test_proxy_host_with_hostile_addresses_refuses),
        cmocka_unit_test(test_add_key_with_comment_and_newline_keeps_type_and_key),
        cmocka_unit_test(test_add_key_with_hostile_lines_refuses),
        cmocka_unit_test(test_add_key_with_odd_type_refuses),
        cmocka_unit_test(test_add_ssh_path_quotes_and_doubles_percent),
        cmocka_unit_test(test_add_ssh_path_with_what_ssh_cannot_read_refuses),
        cmocka_unit_test(test_add_proxy_word_quotes_for_shell_and_ssh),
        cmocka_unit_test(test_add_proxy_word_read_by_the_shell_gives_the_word_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
