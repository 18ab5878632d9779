/* SPDX-License-Identifier: Apache-2.0 */
/* The program itself, as ssh(1) runs it, against a proxy on loopback. */
#include "identity/pki/credentials.h"
#include "identity/pki/ossl.h"
#include "proto/msg_tunnel.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/temp_dir.h"
#include "transport/transport.h"

#include <stdio.h>
#include <sys/wait.h>

/* Fixtures are of this cluster. */
#define CLUSTER FIXTURE_CLUSTER

struct world {
    struct temp_dir dir;
    struct host_ca ca;
    struct fake_cluster *fc;
    char target[256], cluster[256];
};

/* Says what it got, and ends when the client does. */
static void handle(void *arg, const struct fake_call *call, struct fake_answer *answer)
{
    struct world *w = arg;
    CLEANUP(msg_proxy_ssh_request_release) struct msg_proxy_ssh_request m = {0};
    err_free(msg_proxy_ssh_request_decode(call->request, &m));
    if (call->message == 0) {
        snprintf(w->target, sizeof(w->target), "%s", m.host_port);
        snprintf(w->cluster, sizeof(w->cluster), "%s", m.cluster);
    }
    answer->then = FAKE_CONTINUE;
    err_free(
        msg_proxy_ssh_reply_encode(&(struct msg_proxy_ssh_reply){.ssh = m.ssh}, &answer->reply));
}

static void write_identity(struct world *w, int64_t not_after)
{
    CLEANUP(key_freep) struct key *key = fixture_key(KEY_ECDSA_P256);
    CLEANUP(secret_freep) struct secret *key_pem = NULL;
    struct fixture f = {.key = key, .not_after = not_after};
    CLEANUP(freep) char *tls = fixture_tls_pem(&f);
    CLEANUP(freep) char *ssh = fixture_ssh_line(&f);
    CLEANUP(freep) char *ca = host_ca_pem(&w->ca);
    assert_ok(key_to_pem(key, &key_pem));
    temp_dir_write(&w->dir, "key", secret_str(key_pem));
    temp_dir_write(&w->dir, "tlscert", tls);
    temp_dir_write(&w->dir, "key-cert.pub", ssh);
    temp_dir_write(&w->dir, "teleport-host-ca.crt", ca);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    w->dir = temp_dir_make();
    host_ca_init(&w->ca, CLUSTER);
    struct fake_cluster_config config = {.ca = &w->ca, .handle = handle, .arg = w};
    w->fc = fake_cluster_start(&config);
    write_identity(w, 0);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    fake_cluster_stop(w->fc);
    host_ca_release(&w->ca);
    temp_dir_remove(&w->dir);
    free(w);
    return 0;
}

/* Runs the program with a shell, so that its input and output are pipes; returns the exit code. */
static int run(struct world *w, const char *options, char *out, size_t size)
{
    char line[2048];
    snprintf(line, sizeof(line),
             "printf 'hello' | '%s' ssh-proxy-command --destination-dir='%s' "
             "--proxy-server=127.0.0.1:%u --no-tls-routing --no-connection-upgrade --no-resume "
             "--user=root %s 2>&1; echo \" exit $?\"",
             TBOT_PROGRAM, w->dir.path, (unsigned)fake_cluster_port(w->fc), options);
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[1], STDOUT_FILENO);
        close(fds[0]);
        close(fds[1]);
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    close(fds[1]);
    FILE *f = fdopen(fds[0], "r");
    size_t n = fread(out, 1, size - 1, f);
    out[n] = '\0';
    fclose(f);
    int status = 0;
    waitpid(pid, &status, 0);
    fake_cluster_sync(w->fc);
    const char *code = strstr(out, " exit ");
    return code ? (int)strtol(code + strlen(" exit "), NULL, 10) : -1;
}

static void test_command_when_the_node_answers_carries_both_ways(void **state)
{
    struct world *w = *state;
    char out[4096];
    assert_int_equal(
        run(w, "--cluster=" CLUSTER " --host=node." CLUSTER " --port=3022", out, sizeof(out)), 0);
    assert_string_equal(out, "hello exit 0\n");
    assert_string_equal(w->target, "node:3022");
    assert_string_equal(w->cluster, CLUSTER);
    assert_string_equal(fake_cluster_peer(w->fc, 0), "bot-test");
}

static void test_command_when_for_a_leaf_names_it(void **state)
{
    struct world *w = *state;
    char out[4096];
    assert_int_equal(run(w, "--cluster=leaf --host=node --port=22", out, sizeof(out)), 0);
    assert_string_equal(w->target, "node:22");
    assert_string_equal(w->cluster, "leaf");
}

static void assert_refused(struct world *w, const char *options, int code, const char *part)
{
    char out[4096];
    int got = run(w, options, out, sizeof(out));
    if (got != code || !strstr(out, part))
        fail_msg("%s: %s", options, out);
}

static void test_command_when_asked_for_what_is_not_built_refuses_it(void **state)
{
    struct world *w = *state;
    assert_refused(w, "--host=n --resume", 2, "'--resume' is not built yet");
    assert_refused(w, "--host=n --connection-upgrade", 2, "'--connection-upgrade' is not built");
    assert_refused(w, "--host=n --proxy-templates=x", 2, "proxy-templates");
    assert_refused(w, "--host='a b'", 2, "option '--host'");
    assert_refused(w, "--host=n --port=x", 2, "'x' is not a port");
    assert_refused(w, "", 2, "'--host' is required");
}

static void test_command_when_the_identity_expired_says_since_when(void **state)
{
    struct world *w = *state;
    write_identity(w, FIXTURE_NOT_BEFORE + 60);
    assert_refused(w, "--host=n", 1, "the identity expired at 2023-11-14T22:14:20Z");
}

static void test_command_when_a_file_is_not_of_the_others_says_so(void **state)
{
    struct world *w = *state;
    CLEANUP(key_freep) struct key *other = fixture_key(KEY_ECDSA_P256);
    CLEANUP(secret_freep) struct secret *pem = NULL;
    assert_ok(key_to_pem(other, &pem));
    temp_dir_write(&w->dir, "key", secret_str(pem));
    assert_refused(w, "--host=n", 1, "read the identity in");
}

static void test_command_when_the_proxy_is_of_another_cluster_refuses_it(void **state)
{
    struct world *w = *state;
    struct host_ca other;
    host_ca_init(&other, CLUSTER);
    CLEANUP(freep) char *pem = host_ca_pem(&other);
    temp_dir_write(&w->dir, "teleport-host-ca.crt", pem);
    host_ca_release(&other);
    assert_refused(w, "--host=n", 1, "TLS with");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_command_when_the_node_answers_carries_both_ways),
        TEST(test_command_when_for_a_leaf_names_it),
        TEST(test_command_when_asked_for_what_is_not_built_refuses_it),
        TEST(test_command_when_the_identity_expired_says_since_when),
        TEST(test_command_when_a_file_is_not_of_the_others_says_so),
        TEST(test_command_when_the_proxy_is_of_another_cluster_refuses_it),
    };
    assert_ok(transport_init(NULL));
    int failed = cmocka_run_group_tests_name("cmd/ssh_proxy_command", tests, NULL, NULL);
    transport_shutdown();
    return failed;
}
