/* SPDX-License-Identifier: Apache-2.0 */
/* A cluster that has replaced its host CA while the bot was not looking. */
#include "identity/pki/pin.h"
#include "proto/method.h"
#include "proto/msg_auth.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_cluster.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/temp_dir.h"
#include "transport/connector.h"

#include <stdatomic.h>
#include <stdio.h>

#define STATUS_UNAVAILABLE 14
#define STATUS_UNIMPLEMENTED 12

struct world {
    struct host_ca former, present, stranger;
    const struct host_ca *shown[2]; /* what the server calls its CAs */
    int status;                     /* of that answer */
    atomic_int n_asked;
    struct fake_cluster *fc;
    struct credentials *creds; /* trust the former */
    struct strlist pins;
    struct temp_dir dir;
    struct connector_config config;
    struct connector *connector;
};

static void handle(void *arg, const struct fake_call *call, struct fake_answer *answer)
{
    struct world *w = arg;
    bool is_known = strcmp(call->method, METHOD_GET_CLUSTER_CA_CERT) == 0;
    CLEANUP(buf_release) struct buf all = BUF_INIT(65536);
    answer->status = is_known ? w->status : STATUS_UNIMPLEMENTED;
    atomic_fetch_add(&w->n_asked, is_known);
    for (size_t i = 0; i < 2 && w->shown[i]; i++) {
        CLEANUP(freep) char *pem = host_ca_pem(w->shown[i]);
        err_free(buf_add_str(&all, pem));
    }
    err_free(
        msg_cluster_ca_encode(&(struct msg_cluster_ca){.tls_ca = buf_str(&all)}, &answer->reply));
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    host_ca_init(&w->former, FIXTURE_CLUSTER);
    host_ca_init(&w->present, FIXTURE_CLUSTER);
    host_ca_init(&w->stranger, FIXTURE_CLUSTER);
    w->shown[0] = &w->present;
    w->creds = host_ca_bot(&w->former, "bot-one");
    w->dir = temp_dir_make();
    w->config.path.kind = PATH_AUTH;
    w->config.ca_pins = &w->pins;
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    connector_free(w->connector);
    if (w->fc)
        fake_cluster_stop(w->fc);
    credentials_free(w->creds);
    strlist_release(&w->pins);
    temp_dir_remove(&w->dir);
    host_ca_release(&w->former);
    host_ca_release(&w->present);
    host_ca_release(&w->stranger);
    free(w);
    return 0;
}

/* A server with a certificate of `ca`. */
static void begin(struct world *w, const struct host_ca *ca)
{
    w->fc = fake_cluster_start(&(struct fake_cluster_config){.ca = ca, .handle = handle, .arg = w});
    assert_ok(address_parse("127.0.0.1", fake_cluster_port(w->fc), &w->config.address));
    assert_ok(connector_new(&w->config, &w->connector));
}

static void pin(struct world *w, const struct host_ca *ca)
{
    struct pin p;
    char text[PIN_TEXT_SIZE];
    assert_ok(pin_of(ca->cert, &p));
    assert_ok(strlist_add(&w->pins, pin_format(&p, text)));
}

static void put_ca_file(struct world *w, const struct host_ca *ca)
{
    CLEANUP(freep) char *pem = host_ca_pem(ca);
    temp_dir_write(&w->dir, "ca.pem", pem);
    w->config.ca_path = temp_dir_join(&w->dir, "ca.pem");
}

static RESULT dial(struct world *w)
{
    CLEANUP(tls_freep) struct tls *tls = NULL;
    struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    ctx = ctx_until(&ctx, dur_s(20));
    fake_cluster_sync(w->fc);
    return connector_dial(w->connector, w->creds, &ctx, &tls);
}

static int asked(struct world *w)
{
    return atomic_load(&w->n_asked);
}

static void test_dial_with_the_new_pin_goes_on_with_the_new_ca(void **state)
{
    const enum path_kind kinds[] = {PATH_AUTH, PATH_PROXY, PATH_UNKNOWN};
    struct world *w = *state;
    pin(w, &w->present);
    for (size_t i = 0; i < 3; i++) {
        w->config.path.kind = kinds[i];
        begin(w, &w->present);
        assert_ok(dial(w));
        assert_int_equal(asked(w), i + 1);
        assert_string_equal(fake_cluster_peer(w->fc, 0), ""); /* asked as nobody */
        connector_free(TAKE(w->connector));
        fake_cluster_stop(TAKE(w->fc));
    }
}

static void test_dial_that_needs_no_new_trust_asks_for_none(void **state)
{
    struct world *w = *state;
    pin(w, &w->present);
    begin(w, &w->former);
    assert_ok(dial(w));
    assert_int_equal(asked(w), 0);
    assert_false(connector_take_retrusted(w->connector));
}

static void test_dial_with_the_old_pin_stays_untrusted_and_names_the_new(void **state)
{
    struct world *w = *state;
    struct pin found;
    char text[PIN_TEXT_SIZE];
    pin(w, &w->former);
    begin(w, &w->present);
    assert_ok(pin_of(w->present.cert, &found));
    assert_fails(dial(w), ERR_UNTRUSTED, pin_format(&found, text));
    struct err *e = dial(w);
    assert_non_null(strstr(err_hint(e), "ca_pins"));
    err_free(e);
}

static void test_dial_during_a_rotation_wants_every_ca_pinned(void **state)
{
    struct world *w = *state;
    w->shown[1] = &w->former;
    pin(w, &w->present);
    begin(w, &w->present);
    assert_fails(dial(w), ERR_UNTRUSTED, "matches none of the 1 pins");
    pin(w, &w->former);
    assert_ok(dial(w));
}

/* The pinned CA is public: whoever shows it is not yet who has its key. */
static void test_dial_to_who_only_shows_the_pinned_ca_stays_untrusted(void **state)
{
    struct world *w = *state;
    pin(w, &w->present);
    begin(w, &w->stranger);
    assert_fails(dial(w), ERR_UNTRUSTED, "vouch for");
    assert_int_equal(asked(w), 1);
}

static void test_dial_with_the_new_ca_file_goes_on_without_asking(void **state)
{
    struct world *w = *state;
    put_ca_file(w, &w->present);
    begin(w, &w->present);
    assert_ok(dial(w));
    assert_int_equal(asked(w), 0);
}

static void test_dial_follows_the_ca_file_as_it_is_now(void **state)
{
    struct world *w = *state;
    put_ca_file(w, &w->former);
    begin(w, &w->present);
    assert_fails(dial(w), ERR_UNTRUSTED, "vouch for");
    put_ca_file(w, &w->present);
    assert_ok(dial(w));
}

static void test_dial_with_a_ca_file_that_is_missing_stays_untrusted(void **state)
{
    struct world *w = *state;
    w->config.ca_path = "/nonexistent/ca.pem";
    begin(w, &w->present);
    assert_fails(dial(w), ERR_UNTRUSTED, "/nonexistent/ca.pem");
}

static void test_dial_without_pins_or_file_stays_untrusted_and_names_both(void **state)
{
    struct world *w = *state;
    begin(w, &w->present);
    struct err *e = dial(w);
    assert_int_equal(err_code(e), ERR_UNTRUSTED);
    assert_non_null(strstr(err_hint(e), "ca_pins"));
    assert_non_null(strstr(err_hint(e), "ca_path"));
    assert_int_equal(asked(w), 0);
    err_free(e);
}

/* `insecure` speaks of the proxy's web certificate only. */
static void test_dial_with_insecure_stays_untrusted(void **state)
{
    struct world *w = *state;
    w->config.insecure = true;
    begin(w, &w->present);
    assert_fails(dial(w), ERR_UNTRUSTED, "not trusted");
}

static void test_dial_where_asking_fails_for_now_is_tried_again_soon(void **state)
{
    struct world *w = *state;
    pin(w, &w->present);
    w->status = STATUS_UNAVAILABLE;
    begin(w, &w->present);
    assert_fails(dial(w), ERR_UNAVAILABLE, "fetch the CA");
    w->status = 0;
    assert_ok(dial(w));
}

static void test_new_trust_is_told_once(void **state)
{
    struct world *w = *state;
    pin(w, &w->present);
    begin(w, &w->present);
    assert_ok(dial(w));
    assert_ok(dial(w));
    assert_true(connector_take_retrusted(w->connector));
    assert_false(connector_take_retrusted(w->connector));
    assert_ok(dial(w));
    assert_false(connector_take_retrusted(w->connector));
    /* The renewal has brought the new CA; later it is replaced once more. */
    credentials_free(w->creds);
    w->creds = host_ca_bot(&w->present, "bot-one");
    assert_ok(dial(w));
    credentials_free(w->creds);
    w->creds = host_ca_bot(&w->former, "bot-one");
    assert_ok(dial(w));
    assert_true(connector_take_retrusted(w->connector));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_dial_with_the_new_pin_goes_on_with_the_new_ca),
        TEST(test_dial_that_needs_no_new_trust_asks_for_none),
        TEST(test_dial_with_the_old_pin_stays_untrusted_and_names_the_new),
        TEST(test_dial_during_a_rotation_wants_every_ca_pinned),
        TEST(test_dial_to_who_only_shows_the_pinned_ca_stays_untrusted),
        TEST(test_dial_with_the_new_ca_file_goes_on_without_asking),
        TEST(test_dial_follows_the_ca_file_as_it_is_now),
        TEST(test_dial_with_a_ca_file_that_is_missing_stays_untrusted),
        TEST(test_dial_without_pins_or_file_stays_untrusted_and_names_both),
        TEST(test_dial_with_insecure_stays_untrusted),
        TEST(test_dial_where_asking_fails_for_now_is_tried_again_soon),
        TEST(test_new_trust_is_told_once),
    };
    return fake_cluster_run_tests("transport/connector_trust", tests);
}
