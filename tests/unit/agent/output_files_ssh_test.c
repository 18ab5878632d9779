/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/output_files.h"
#include "tests/support/assert_err.h"
#include "tests/unit/agent/output_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

static char *root_keys[] = {(char[]){FIXTURE_SSH_CA}, (char[]){FIXTURE_SSH_CA_LEAF " next\n"}};
static char *leaf_keys[] = {(char[]){FIXTURE_SSH_CA_LEAF}};
static const struct strlist root_host_keys = {.items = root_keys, .len = 2};
static const struct strlist leaf_host_keys = {.items = leaf_keys, .len = 1};
static const struct output_cluster clusters[] = {
    {.name = "example.test", .host_keys = &root_host_keys},
    {.name = "leaf", .host_keys = &leaf_host_keys},
};

static struct output_ssh usual(void)
{
    return (struct output_ssh){
        .clusters = clusters,
        .n_clusters = 2,
        .proxy = "proxy.example.test:443",
        .bin = "/usr/local/bin/tbot",
        .dir = "/opt/machine id",
        .server_major = 17,
        .tls_routing = true,
        .resume = true,
    };
}

static const char *text_of(const struct output_files *f, const char *name)
{
    for (size_t i = 0; i < f->len; i++) {
        if (strcmp(f->items[i].name, name) == 0)
            return (const char *)f->items[i].content.data;
    }
    return NULL;
}

static void assert_text(const struct output_files *f, const char *name, const char *want)
{
    assert_non_null(text_of(f, name));
    assert_string_equal(text_of(f, name), want);
}

static void test_known_hosts_names_proxy_and_clusters(void **state)
{
    CLEANUP(output_files_release) struct output_files f = {0};
    struct output_ssh in = usual();

    (void)state;
    assert_ok(output_files_add_ssh(&f, &in));
    assert_text(
        &f, "known_hosts",
        "@cert-authority proxy.example.test,example.test,*.example.test " FIXTURE_SSH_CA
        " type=host\n"
        "@cert-authority proxy.example.test,example.test,*.example.test " FIXTURE_SSH_CA_LEAF
        " type=host\n"
        "@cert-authority proxy.example.test,leaf,*.leaf " FIXTURE_SSH_CA_LEAF " type=host\n");
    assert_text(&f, "leaf.known_hosts",
                "@cert-authority proxy.example.test,leaf,*.leaf " FIXTURE_SSH_CA_LEAF
                " type=host\n");
}

#define HEAD                                                                                       \
    "# Nodes behind 'proxy.example.test'. Written by tbot; edits are lost at the next renewal.\n"
#define FOOT "# End of what tbot wrote.\n"
#define PATHS(known_hosts)                                                                         \
    "    UserKnownHostsFile \"/opt/machine id/" known_hosts "\"\n"                                 \
    "    IdentityFile \"/opt/machine id/key\"\n"                                                   \
    "    CertificateFile \"/opt/machine id/key-cert.pub\"\n"
#define PROXY(cluster)                                                                             \
    "    Port 3022\n"                                                                              \
    "    ProxyCommand '/usr/local/bin/tbot' ssh-proxy-command"                                     \
    " --destination-dir='/opt/machine id' --proxy-server='proxy.example.test:443'"                 \
    " --cluster='" cluster "' --tls-routing --no-connection-upgrade --resume"                      \
    " --user=%r --host=%h --port=%p\n"

static void test_ssh_config_of_two_clusters_is_as_written(void **state)
{
    CLEANUP(output_files_release) struct output_files f = {0};
    struct output_ssh in = usual();

    (void)state;
    assert_ok(output_files_add_ssh(&f, &in));
    assert_text(
        &f, "ssh_config",
        HEAD "\nHost *.example.test proxy.example.test\n" PATHS(
            "known_hosts") "\nHost *.example.test "
                           "!proxy.example."
                           "test\n" PROXY("example."
                                          "test") "\nHost *.leaf "
                                                  "proxy.example.test\n" PATHS(
                                                      "known_"
                                                      "hosts") "\n"
                                                               "Ho"
                                                               "s"
                                                               "t "
                                                               "*."
                                                               "le"
                                                               "af"
                                                               " "
                                                               "!p"
                                                               "ro"
                                                               "x"
                                                               "y."
                                                               "ex"
                                                               "am"
                                                               "p"
                                                               "le"
                                                               "."
                                                               "te"
                                                               "st"
                                                               "\n" PROXY("leaf") "\n" FOOT);
    assert_text(&f, "leaf.ssh_config", HEAD PATHS("leaf.known_hosts") PROXY("leaf") FOOT);
    assert_int_equal(f.len, 6);
}

static void test_ssh_config_with_other_flags_says_so(void **state)
{
    CLEANUP(output_files_release) struct output_files f = {0};
    struct output_ssh in = usual();

    (void)state;
    in.tls_routing = in.resume = false;
    in.connection_upgrade = true;
    assert_ok(output_files_add_ssh(&f, &in));
    assert_non_null(
        strstr(text_of(&f, "ssh_config"), " --no-tls-routing --connection-upgrade --no-resume "));
}

static const char *algorithms_line(unsigned server, unsigned major, unsigned minor,
                                   struct output_files *f)
{
    struct output_ssh in = usual();

    in.server_major = server;
    in.openssh = (struct openssh_version){major, minor};
    assert_ok(output_files_add_ssh(f, &in));
    return strstr(text_of(f, "example.test.ssh_config"), "HostKeyAlgorithms ");
}

static void test_host_key_algorithms_follow_server_and_openssh(void **state)
{
    static const struct {
        unsigned server, major, minor;
        const char *want; /* NULL: no such line */
    } cases[] = {
        {15, 7, 8, "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,"},
        {16, 9, 2, "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,"},
        {15, 0, 0, "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,"},
        {15, 7, 7, "ssh-rsa-cert-v01@openssh.com\n"},
        {15, 6, 9, "ssh-rsa-cert-v01@openssh.com\n"},
        {17, 9, 2, NULL},
        {18, 6, 9, NULL},
        {0, 9, 2, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(output_files_release) struct output_files f = {0};
        const char *line = algorithms_line(cases[i].server, cases[i].major, cases[i].minor, &f);
        if (!cases[i].want) {
            assert_null(line);
            continue;
        }
        assert_non_null(line);
        assert_memory_equal(line + strlen("HostKeyAlgorithms "), cases[i].want,
                            strlen(cases[i].want));
    }
}

static void test_add_ssh_without_directory_writes_known_hosts_only(void **state)
{
    CLEANUP(output_files_release) struct output_files f = {0};
    struct output_ssh in = usual();

    (void)state;
    in.dir = NULL;
    assert_ok(output_files_add_ssh(&f, &in));
    assert_non_null(text_of(&f, "known_hosts"));
    assert_non_null(text_of(&f, "leaf.known_hosts"));
    assert_null(text_of(&f, "ssh_config"));
    assert_null(text_of(&f, "leaf.ssh_config"));
}

static void test_add_ssh_without_proxy_names_clusters_only(void **state)
{
    CLEANUP(output_files_release) struct output_files f = {0};
    struct output_ssh in = usual();

    (void)state;
    in.proxy = "";
    assert_ok(output_files_add_ssh(&f, &in));
    assert_text(&f, "leaf.known_hosts",
                "@cert-authority leaf,*.leaf " FIXTURE_SSH_CA_LEAF " type=host\n");
    assert_null(text_of(&f, "ssh_config"));
}

static void test_add_ssh_with_hostile_cluster_refuses(void **state)
{
    static const char *const hostile[] = {"x\n@cert-authority *", "*", "../../etc", "a'b", "a,*"};

    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
        CLEANUP(output_files_release) struct output_files f = {0};
        struct output_cluster two[] = {clusters[0], {hostile[i], &leaf_host_keys}};
        struct output_ssh in = usual();
        in.clusters = two;
        assert_fails(output_files_add_ssh(&f, &in), ERR_PROTOCOL, "cluster");
        assert_int_equal(f.len, 0);
    }
}

static void test_add_ssh_with_one_cluster_twice_refuses(void **state)
{
    CLEANUP(output_files_release) struct output_files f = {0};
    struct output_cluster two[] = {clusters[0], clusters[0]};
    struct output_ssh in = usual();

    (void)state;
    in.clusters = two;
    assert_fails(output_files_add_ssh(&f, &in), ERR_PROTOCOL, "two files");
}

static void test_add_ssh_with_hostile_proxy_or_key_refuses(void **state)
{
    CLEANUP(output_files_release) struct output_files f = {0};
    char *keys[] = {(char[]){FIXTURE_SSH_CA "\n@cert-authority * " FIXTURE_SSH_CA_LEAF}};
    struct strlist hostile = {.items = keys, .len = 1};
    struct output_cluster one = {"example.test", &hostile};
    struct output_ssh in = usual();

    (void)state;
    in.proxy = "a,*:443";
    assert_fails(output_files_add_ssh(&f, &in), ERR_PROTOCOL, "proxy address");
    in = usual();
    in.clusters = &one;
    in.n_clusters = 1;
    assert_fails(output_files_add_ssh(&f, &in), ERR_CRYPTO, "several lines");
    assert_int_equal(f.len, 0);
}

static void test_add_ssh_with_relative_paths_refuses(void **state)
{
    CLEANUP(output_files_release) struct output_files f = {0};
    struct output_ssh in = usual();

    (void)state;
    in.dir = "machine-id";
    assert_fails(output_files_add_ssh(&f, &in), ERR_BUG, "absolute");
    in = usual();
    in.bin = "tbot";
    assert_fails(output_files_add_ssh(&f, &in), ERR_BUG, "absolute");
}

/* Runs ssh(1) over a file that holds `text`; its output, at most `size` bytes. */
static bool ask_ssh(const char *text, const char *host, char *out, size_t size)
{
    char path[] = "/tmp/tbot_ssh_config_XXXXXX";
    int ends[2], fd = mkstemp(path);
    size_t at = 0;
    ssize_t n = 0;
    int status = 0;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
        execlp("ssh", "ssh", "-G", "-F", path, host, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    while (at < size - 1 && (n = read(ends[0], out + at, size - 1 - at)) > 0)
        at += (size_t)n;
    out[at] = '\0';
    close(ends[0]);
    waitpid(child, &status, 0);
    unlink(path);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The real ssh reads from the file what we meant. */
static void test_ssh_config_read_by_ssh_gives_our_values(void **state)
{
    CLEANUP(output_files_release) struct output_files f = {0};
    struct output_ssh in = usual();
    static char out[65536];

    (void)state;
    if (access("/usr/bin/ssh", X_OK))
        skip();
    in.dir = "/opt/it's 100% mine";
    assert_ok(output_files_add_ssh(&f, &in));
    assert_true(ask_ssh(text_of(&f, "ssh_config"), "node.leaf", out, sizeof(out)));
    assert_non_null(strstr(out, "port 3022\n"));
    assert_non_null(strstr(out, "identityfile /opt/it's 100%% mine/key\n"));
    assert_non_null(strstr(out, "certificatefile /opt/it's 100%% mine/key-cert.pub\n"));
    assert_non_null(strstr(out, "--destination-dir='/opt/it'\\''s 100%% mine'"));
    assert_non_null(strstr(out, "--cluster='leaf'"));
    assert_true(ask_ssh(text_of(&f, "ssh_config"), "proxy.example.test", out, sizeof(out)));
    assert_null(strstr(out, "ssh-proxy-command"));
    assert_non_null(strstr(out, "identityfile /opt/it's 100%% mine/key\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_hosts_names_proxy_and_clusters),
        cmocka_unit_test(test_ssh_config_of_two_clusters_is_as_written),
        cmocka_unit_test(test_ssh_config_with_other_flags_says_so),
        cmocka_unit_test(test_host_key_algorithms_follow_server_and_openssh),
        cmocka_unit_test(test_add_ssh_without_directory_writes_known_hosts_only),
        cmocka_unit_test(test_add_ssh_without_proxy_names_clusters_only),
        cmocka_unit_test(test_add_ssh_with_hostile_cluster_refuses),
        cmocka_unit_test(test_add_ssh_with_one_cluster_twice_refuses),
        cmocka_unit_test(test_add_ssh_with_hostile_proxy_or_key_refuses),
        cmocka_unit_test(test_add_ssh_with_relative_paths_refuses),
        cmocka_unit_test(test_ssh_config_read_by_ssh_gives_our_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
