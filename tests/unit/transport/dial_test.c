/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/dial.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_cluster.h"
#include "transport/transport.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>

/* What a watcher saw: "+connect 127.0.0.1:1", "-connect 127.0.0.1:1 (unavailable) goes on", … */
struct seen {
    char lines[16][256];
    size_t len;
    char alpn[16];
};

static const char *const step_names[] = {"resolve", "connect", "handshake"};

static void on_begin(void *arg, enum dial_step step, const char *where)
{
    struct seen *s = arg;
    snprintf(s->lines[s->len++], sizeof(s->lines[0]), "+%s %s", step_names[step], where);
}

static void on_end(void *arg, const struct dial_event *e)
{
    struct seen *s = arg;
    snprintf(s->lines[s->len++], sizeof(s->lines[0]), "-%s %s (%s)%s%s%s", step_names[e->step],
             e->where, err_code_name(err_code(e->err)), e->goes_on ? " goes on" : "",
             e->found ? ": " : "", e->found ? e->found : "");
    if (e->tls)
        snprintf(s->alpn, sizeof(s->alpn), "%s", tls_alpn(e->tls));
    if (e->err && !err_hint(e->err))
        fail_msg("no remedy at %s", step_names[e->step]);
}

static struct dial_watch watch(struct seen *s)
{
    return (struct dial_watch){.begin = on_begin, .end = on_end, .arg = s, .limit = dur_s(10)};
}

/* "two.example" has two addresses, of which nobody listens on the first. */
int __real_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret)
{
    struct addrinfo *second = NULL;
    if (strcmp(host, "two.example") != 0)
        return __real_getaddrinfo(host, port, hints, ret);
    int failed = __real_getaddrinfo("127.0.0.9", port, hints, ret);
    failed = failed ? failed : __real_getaddrinfo("127.0.0.1", port, hints, &second);
    if (!failed)
        (*ret)->ai_next = second;
    return failed;
}

static struct host_ca ca;

static struct fake_cluster *start(enum fake_kind kind)
{
    const struct fake_cluster_config config = {.kind = kind, .ca = &ca};
    return fake_cluster_start(&config);
}

static struct err *dial(const char *host, uint16_t port, struct seen *s, struct tls **ret)
{
    static const char *const alpn[] = {"h2", NULL};
    const struct tls_client_config config = {.alpn = alpn, .verify = TLS_VERIFY_NONE};
    const struct ctx ctx = {clock_system(), NULL, MONO_NEVER};
    const struct dial_watch w = watch(s);
    struct address a = {.port = port};
    snprintf(a.host, sizeof(a.host), "%s", host);
    return dial_tls_watched(&a, &config, s ? &w : NULL, &ctx, ret);
}

/* The line, with the port in place of a '#'. */
static void assert_line(const struct seen *s, size_t at, const char *form, uint16_t port)
{
    char want[256];
    const char *hash = strchr(form, '#');
    if (hash)
        snprintf(want, sizeof(want), "%.*s%u%s", (int)(hash - form), form, (unsigned)port,
                 hash + 1);
    else
        snprintf(want, sizeof(want), "%s", form);
    assert_true(at < s->len);
    assert_string_equal(s->lines[at], want);
}

static void test_watched_dial_tells_each_step(void **state)
{
    (void)state;
    struct fake_cluster *fc = start(FAKE_TLS_SILENT);
    uint16_t port = fake_cluster_port(fc);
    CLEANUP(tls_freep) struct tls *tls = NULL;
    struct seen s = {0};
    assert_ok(dial("two.example", port, &s, &tls));
    assert_line(&s, 0, "+resolve two.example", port);
    assert_line(&s, 1, "-resolve two.example (ok): 127.0.0.9, 127.0.0.1", port);
    assert_line(&s, 2, "+connect 127.0.0.9:#", port);
    assert_line(&s, 3, "-connect 127.0.0.9:# (unavailable) goes on", port);
    assert_line(&s, 4, "+connect 127.0.0.1:#", port);
    assert_line(&s, 5, "-connect 127.0.0.1:# (ok)", port);
    assert_line(&s, 6, "+handshake two.example:#", port);
    assert_line(&s, 7, "-handshake two.example:# (ok)", port);
    assert_int_equal(s.len, 8);
    assert_string_equal(s.alpn, "h2");
    fake_cluster_stop(fc);
}

static void test_unwatched_dial_does_the_same(void **state)
{
    (void)state;
    struct fake_cluster *fc = start(FAKE_TLS_SILENT);
    CLEANUP(tls_freep) struct tls *tls = NULL;
    assert_ok(dial("two.example", fake_cluster_port(fc), NULL, &tls));
    assert_string_equal(tls_alpn(tls), "h2");
    fake_cluster_stop(fc);
}

static void test_refused_address_ends_there(void **state)
{
    (void)state;
    struct fake_cluster *fc = start(FAKE_SILENT);
    uint16_t port = fake_cluster_port(fc);
    struct tls *tls = NULL;
    struct seen s = {0};
    fake_cluster_stop(fc);
    assert_fails(dial("127.0.0.1", port, &s, &tls), ERR_UNAVAILABLE, "Connection refused");
    assert_line(&s, 3, "-connect 127.0.0.1:# (unavailable)", port);
    assert_int_equal(s.len, 4);
}

static void test_what_is_no_tls_fails_the_handshake(void **state)
{
    (void)state;
    struct fake_cluster *fc = start(FAKE_GARBAGE);
    struct tls *tls = NULL;
    struct seen s = {0};
    assert_fails(dial("127.0.0.1", fake_cluster_port(fc), &s, &tls), ERR_PROTOCOL,
                 "does not speak TLS");
    assert_line(&s, 5, "-handshake 127.0.0.1:# (protocol)", fake_cluster_port(fc));
    fake_cluster_stop(fc);
}

static void test_step_that_hangs_ends_with_its_limit(void **state)
{
    (void)state;
    static const char *const alpn[] = {"h2", NULL};
    const struct tls_client_config config = {.alpn = alpn, .verify = TLS_VERIFY_NONE};
    const struct ctx ctx = {clock_system(), NULL, MONO_NEVER};
    struct fake_cluster *fc = start(FAKE_SILENT);
    struct tls *tls = NULL;
    struct seen s = {0};
    struct dial_watch w = watch(&s);
    w.limit = dur_ms(50);
    const struct address a = {.host = "127.0.0.1", .port = fake_cluster_port(fc)};
    struct mono began = clock_mono(ctx.clock);
    assert_fails(dial_tls_watched(&a, &config, &w, &ctx, &tls), ERR_TIMEOUT, "TLS with");
    /* Not the half minute that a dial may take as a whole. */
    assert_true(mono_diff(clock_mono(ctx.clock), began).ns < dur_s(20).ns);
    assert_line(&s, 5, "-handshake 127.0.0.1:# (timeout)", a.port);
    fake_cluster_stop(fc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watched_dial_tells_each_step),
        cmocka_unit_test(test_unwatched_dial_does_the_same),
        cmocka_unit_test(test_refused_address_ends_there),
        cmocka_unit_test(test_what_is_no_tls_fails_the_handshake),
        cmocka_unit_test(test_step_that_hangs_ends_with_its_limit),
    };
    assert_ok(transport_init(NULL));
    host_ca_init(&ca, "example");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    host_ca_release(&ca);
    transport_shutdown();
    return failed;
}
