/* SPDX-License-Identifier: Apache-2.0 */
/* An API server that does not answer. What one answers is for the integration tests. */
#include "agent/kube_client.h"

#include "tests/support/assert_err.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/temp_dir.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static char port[8];

static char *get(const char *name)
{
    static char host[] = "127.0.0.1";
    if (strcmp(name, "KUBERNETES_SERVICE_HOST") == 0)
        return host;
    return strcmp(name, "KUBERNETES_SERVICE_PORT") == 0 ? port : NULL;
}

struct pod {
    struct temp_dir dir;
    int server; /* the system lets in who comes; nobody accepts */
    struct kube_client *client;
    struct cancel *stop;
};

static int setup(void **state)
{
    struct pod *f = calloc(1, sizeof(*f));
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    CLEANUP(freep) char *ca = fixture_ca_pem();
    assert_non_null(f);
    f->dir = temp_dir_make();
    temp_dir_write(&f->dir, "ca.crt", ca);
    temp_dir_write(&f->dir, "token", "e30.e30.c2ln");
    f->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(f->server, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(f->server, 8), 0);
    assert_int_equal(getsockname(f->server, (struct sockaddr *)&at, &len), 0);
    snprintf(port, sizeof(port), "%u", (unsigned)ntohs(at.sin_port));
    assert_ok(kube_client_new(f->dir.path, get, &f->client));
    assert_ok(cancel_new(&f->stop));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct pod *f = *state;
    kube_client_free(f->client);
    cancel_free(f->stop);
    close(f->server);
    temp_dir_remove(&f->dir);
    free(f);
    return 0;
}

static struct err *ask(const struct pod *f, struct dur limit)
{
    CLEANUP(secret_freep) struct secret *answer = NULL;
    const struct ctx endless = {clock_system(), f->stop, MONO_NEVER};
    const struct ctx ctx = ctx_until(&endless, limit);
    const struct kube_question q = {.method = "GET",
                                    .path = "/api/v1/namespaces/a/secrets/b",
                                    .reply_max = 1024,
                                    .asked = {"get", "a", "b", ""}};
    return kube_client_ask(f->client, &q, &ctx, &answer);
}

static unsigned n_dialled(const struct pod *f)
{
    unsigned n = 0;
    for (int fd; (fd = accept(f->server, NULL, NULL)) >= 0; n++)
        close(fd);
    return n;
}

static void test_one_that_hangs_is_waited_for_until_the_deadline_and_asked_once(void **state)
{
    const struct pod *f = *state;
    CLEANUP(err_freep) struct err *e = ask(f, dur_ms(200));
    CLEANUP(freep) char *text = err_text(e);
    assert_int_equal(err_code(e), ERR_TIMEOUT);
    assert_non_null(strstr(text, "asking the Kubernetes API server"));
    assert_non_null(strstr(err_hint(e), "NetworkPolicy"));
    assert_int_equal(n_dialled(f), 1);
}

static void test_nobody_is_dialled_past_the_deadline(void **state)
{
    const struct pod *f = *state;
    assert_fails(ask(f, (struct dur){0}), ERR_TIMEOUT, "asking the Kubernetes API server");
    assert_int_equal(n_dialled(f), 0);
}

static void test_nobody_is_dialled_after_a_stop(void **state)
{
    const struct pod *f = *state;
    cancel_fire(f->stop);
    assert_fails(ask(f, dur_s(60)), ERR_CANCELLED, "asking the Kubernetes API server");
    assert_int_equal(n_dialled(f), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_one_that_hangs_is_waited_for_until_the_deadline_and_asked_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_is_dialled_past_the_deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_is_dialled_after_a_stop, setup, teardown),
    };
    return cmocka_run_group_tests_name("agent/kube_client", tests, NULL, NULL);
}
