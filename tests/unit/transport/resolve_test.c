/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/resolve.h"

#include "tests/support/assert_err.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

/* The resolver, as a test wants it. */
static int code;
static bool is_silent; /* until `go` is fired */
static struct cancel *go;
static struct cancel *asked; /* fired when it is asked */
static sem_t gone;           /* posted when it has answered */

int __real_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret)
{
    if (hints->ai_flags & AI_NUMERICHOST)
        return __real_getaddrinfo(host, port, hints, ret);
    cancel_fire(asked);
    const struct ctx for_ever = {clock_system(), go, MONO_NEVER};
    if (is_silent)
        err_free(ctx_sleep(&for_ever, dur_s(3600)));
    struct addrinfo numeric = *hints;
    numeric.ai_flags |= AI_NUMERICHOST;
    int result = code ? code : __real_getaddrinfo("127.0.0.7", port, &numeric, ret);
    sem_post(&gone);
    return result;
}

static int set_up(void **state)
{
    (void)state;
    code = 0;
    is_silent = false;
    assert_ok(cancel_new(&go));
    assert_ok(cancel_new(&asked));
    assert_int_equal(sem_init(&gone, 0, 0), 0);
    return 0;
}

/* A thread that was left behind may still look at the tokens. */
static int tear_down(void **state)
{
    (void)state;
    cancel_fire(go);
    if (is_silent)
        sem_wait(&gone);
    cancel_free(go);
    cancel_free(asked);
    return 0;
}

static const struct address somewhere = {.host = "somewhere.example", .port = 3025};

static struct ctx no_limit(void)
{
    return (struct ctx){clock_system(), NULL, MONO_NEVER};
}

static void test_name_becomes_an_address_with_the_port(void **state)
{
    (void)state;
    const struct ctx ctx = no_limit();
    struct addrinfo *list = NULL;
    assert_ok(resolve(&somewhere, &ctx, &list));
    const struct sockaddr_in *a = (const struct sockaddr_in *)(const void *)list->ai_addr;
    assert_int_equal(ntohs(a->sin_port), 3025);
    assert_int_equal(a->sin_addr.s_addr, inet_addr("127.0.0.7"));
    freeaddrinfo(list);
}

static void test_number_asks_nobody(void **state)
{
    (void)state;
    const struct ctx ctx = no_limit();
    const struct address numbers[] = {{.host = "10.1.2.3", .port = 1},
                                      {.host = "fd00::1", .port = 1}};
    for (size_t i = 0; i < 2; i++) {
        struct addrinfo *list = NULL;
        assert_ok(resolve(&numbers[i], &ctx, &list));
        freeaddrinfo(list);
    }
    assert_false(cancel_fired(asked));
}

static void test_failures_are_told_apart_and_have_a_remedy(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *hint;
    } cases[] = {
        {EAI_NONAME, "host name"},
        {EAI_NODATA, "host name"},
        {EAI_AGAIN, "name servers"},
        {EAI_SYSTEM, "name servers"},
    };
    const struct ctx ctx = no_limit();
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct addrinfo *list = NULL;
        code = cases[i].code;
        CLEANUP(err_freep) struct err *e = resolve(&somewhere, &ctx, &list);
        assert_int_equal(err_code(e), ERR_UNAVAILABLE);
        assert_non_null(strstr(err_hint(e), cases[i].hint));
        CLEANUP(freep) char *text = err_text(e);
        assert_non_null(strstr(text, "somewhere.example"));
    }
}

static void test_silent_name_servers_end_with_the_deadline(void **state)
{
    (void)state;
    const struct ctx whole = no_limit();
    const struct ctx ctx = ctx_until(&whole, dur_ms(20));
    struct addrinfo *list = NULL;
    is_silent = true;
    CLEANUP(err_freep) struct err *e = resolve(&somewhere, &ctx, &list);
    assert_int_equal(err_code(e), ERR_TIMEOUT);
    assert_non_null(strstr(err_hint(e), "name servers"));
    assert_null(list);
}

static void *fire_when_asked(void *arg)
{
    const struct ctx ctx = {clock_system(), asked, MONO_NEVER};
    err_free(ctx_sleep(&ctx, dur_s(3600)));
    cancel_fire(arg);
    return NULL;
}

static void test_cancelling_does_not_wait_for_the_resolver(void **state)
{
    (void)state;
    CLEANUP(cancel_freep) struct cancel *stop = NULL;
    pthread_t thread;
    struct addrinfo *list = NULL;
    assert_ok(cancel_new(&stop));
    is_silent = true;
    assert_int_equal(pthread_create(&thread, NULL, fire_when_asked, stop), 0);
    const struct ctx ctx = {clock_system(), stop, MONO_NEVER};
    assert_fails(resolve(&somewhere, &ctx, &list), ERR_CANCELLED, "cancelled");
    pthread_join(thread, NULL);
    assert_fails(resolve(&somewhere, &ctx, &list), ERR_CANCELLED, "cancelled");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_name_becomes_an_address_with_the_port),
        TEST(test_number_asks_nobody),
        TEST(test_failures_are_told_apart_and_have_a_remedy),
        TEST(test_silent_name_servers_end_with_the_deadline),
        TEST(test_cancelling_does_not_wait_for_the_resolver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
