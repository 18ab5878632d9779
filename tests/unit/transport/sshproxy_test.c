/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/sshproxy.h"

#include "identity/pki/credentials.h"
#include "identity/pki/ossl.h"
#include "proto/method.h"
#include "proto/msg_tunnel.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/pki_fixture.h"

#include <fcntl.h>
#include <stdio.h>

/* The proxy: sends back what it gets, in capitals, until told to end. */
struct world {
    struct host_ca ca;
    STACK_OF(X509) * roots;
    struct credentials *creds;
    struct fake_cluster *fc;
    struct sshproxy_config config;
    int in_end, out_end; /* our ends of the pipes */
    int status;          /* the proxy refuses with it */
    bool node_ends;      /* after the first data */
    char target[256];
    char cluster[256];
};

static void shout(struct bytes in, struct buf *out)
{
    for (size_t i = 0; i < in.len; i++)
        err_free(
            buf_add_u8(out, in.data[i] >= 'a' && in.data[i] <= 'z' ? in.data[i] - 32 : in.data[i]));
}

static void handle(void *arg, const struct fake_call *call, struct fake_answer *answer)
{
    struct world *w = arg;
    CLEANUP(msg_proxy_ssh_request_release) struct msg_proxy_ssh_request m = {0};
    CLEANUP(buf_release) struct buf loud = BUF_INIT(1 << 20);
    err_free(msg_proxy_ssh_request_decode(call->request, &m));
    answer->then = FAKE_CONTINUE;
    if (call->message == 0) {
        snprintf(w->target, sizeof(w->target), "%s", m.host_port);
        snprintf(w->cluster, sizeof(w->cluster), "%s", m.cluster);
    }
    shout(m.ssh, &loud);
    err_free(msg_proxy_ssh_reply_encode(&(struct msg_proxy_ssh_reply){.ssh = buf_bytes(&loud)},
                                        &answer->reply));
    if (w->status || strcmp(call->method, METHOD_PROXY_SSH) != 0) {
        answer->then = FAKE_FINISH;
        answer->status = w->status ? w->status : 12;
        answer->text = "no such node";
    } else if (w->node_ends && call->message > 0) {
        answer->then = FAKE_FINISH;
    }
}

static void make_pipes(struct world *w)
{
    int in[2];
    int out[2];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    w->config.in = in[0];
    w->in_end = in[1];
    w->config.out = out[1];
    w->out_end = out[0];
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    host_ca_init(&w->ca, "example");
    w->roots = sk_X509_new_null();
    X509_up_ref(w->ca.cert);
    sk_X509_push(w->roots, w->ca.cert);
    w->creds = fixture_credentials(&(struct fixture){.user = "bot-ssh"});
    struct fake_cluster_config server = {.ca = &w->ca, .handle = handle, .arg = w};
    w->fc = fake_cluster_start(&server);
    w->config = (struct sshproxy_config){
        .trust = {.roots = w->roots,
                  .cert = credentials_cert(w->creds),
                  .key = key_evp(credentials_key(w->creds))},
        .proxy_cluster = "example",
        .target_cluster = "leaf",
        .target = "node:3022",
    };
    assert_ok(address_parse("127.0.0.1", fake_cluster_port(w->fc), &w->config.proxy));
    make_pipes(w);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    fake_cluster_stop(w->fc);
    close(w->config.in);
    close(w->config.out);
    close(w->out_end);
    credentials_free(w->creds);
    x509_stack_freep(&w->roots);
    host_ca_release(&w->ca);
    free(w);
    return 0;
}

static RESULT run(struct world *w)
{
    struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    ctx = ctx_until(&ctx, dur_s(30));
    fake_cluster_sync(w->fc);
    struct err *e = sshproxy_run(&w->config, &ctx);
    fake_cluster_sync(w->fc);
    return e;
}

static void say(struct world *w, const char *text)
{
    assert_int_equal(write(w->in_end, text, strlen(text)), strlen(text));
}

static void assert_heard(struct world *w, const char *text)
{
    char got[256] = "";
    ssize_t n = read(w->out_end, got, sizeof(got) - 1);
    assert_int_equal(n, strlen(text));
    assert_string_equal(got, text);
}

static void test_run_when_our_side_ends_lets_the_node_answer(void **state)
{
    struct world *w = *state;
    say(w, "SSH-2.0-test\r\n");
    close(w->in_end);
    assert_ok(run(w));
    assert_heard(w, "SSH-2.0-TEST\r\n");
    assert_string_equal(w->target, "node:3022");
    assert_string_equal(w->cluster, "leaf");
    assert_string_equal(fake_cluster_peer(w->fc, 0), "bot-ssh");
}

static void test_run_when_the_node_ends_returns_though_we_would_say_more(void **state)
{
    struct world *w = *state;
    w->node_ends = true;
    say(w, "bye");
    assert_ok(run(w));
    assert_heard(w, "BYE");
    close(w->in_end);
}

static void test_run_when_the_data_is_long_carries_all_of_it(void **state)
{
    struct world *w = *state;
    enum { SIZE = 60000 }; /* more than a chunk, and all of it fits into a pipe */
    CLEANUP(freep) char *text = malloc(SIZE);
    CLEANUP(freep) char *got = malloc(SIZE);
    memset(text, 'x', SIZE);
    assert_int_equal(write(w->in_end, text, SIZE), SIZE);
    close(w->in_end);
    assert_ok(run(w));
    size_t len = 0;
    while (len < SIZE) {
        ssize_t n = read(w->out_end, got + len, SIZE - len);
        assert_true(n > 0);
        len += (size_t)n;
    }
    memset(text, 'X', SIZE);
    assert_memory_equal(got, text, SIZE);
}

static void test_run_when_refused_says_why(void **state)
{
    struct world *w = *state;
    w->status = 5;
    assert_fails(run(w), ERR_NOT_FOUND,
                 "SSH to 'node:3022' in cluster 'leaf': NOT_FOUND: no such node");
    close(w->in_end);
}

static void test_run_when_the_proxy_is_another_is_untrusted(void **state)
{
    struct world *w = *state;
    X509_free(sk_X509_pop(w->roots));
    sk_X509_push(w->roots, fixture_new_ca("other"));
    assert_fails(run(w), ERR_UNTRUSTED, "TLS with");
    close(w->in_end);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_run_when_our_side_ends_lets_the_node_answer),
        TEST(test_run_when_the_node_ends_returns_though_we_would_say_more),
        TEST(test_run_when_the_data_is_long_carries_all_of_it),
        TEST(test_run_when_refused_says_why),
        TEST(test_run_when_the_proxy_is_another_is_untrusted),
    };
    return fake_cluster_run_tests("transport/sshproxy", tests);
}
