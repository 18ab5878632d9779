/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/ossl.h"
#include "tests/support/pki_fixture.h"
#include "tests/unit/transport/channel_world.h"

static void test_call_when_the_ca_is_another_is_untrusted(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    struct host_ca other;
    host_ca_init(&other, CHANNEL_WORLD_CLUSTER);
    X509_free(sk_X509_pop(w->roots));
    X509_up_ref(other.cert);
    sk_X509_push(w->roots, other.cert);
    bool written = true;
    assert_fails(channel_world_call(w, false, &ctx, &written), ERR_UNTRUSTED,
                 "TLS with '127.0.0.1:");
    assert_false(written);
    host_ca_release(&other);
}

static void test_call_when_the_name_is_anothers_is_untrusted(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    channel_world_rebuild(w, (struct fake_cluster_config){.alt_names = "DNS:mail.example"});
    assert_fails(channel_world_call(w, false, &ctx, NULL), ERR_UNTRUSTED, "TLS with");
}

static void test_call_when_the_servers_certificate_expired_says_so(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    channel_world_rebuild(w, (struct fake_cluster_config){.not_after = FIXTURE_NOT_BEFORE + 60});
    assert_fails(channel_world_call(w, false, &ctx, NULL), ERR_EXPIRED, "TLS with");
}

static void test_call_when_the_server_speaks_no_tls_is_a_protocol_error(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    channel_world_rebuild(w, (struct fake_cluster_config){.kind = FAKE_GARBAGE});
    assert_fails(channel_world_call(w, false, &ctx, NULL), ERR_PROTOCOL, "TLS with");
}

static void test_call_when_the_server_speaks_no_http2_fails(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    channel_world_rebuild(w, (struct fake_cluster_config){.kind = FAKE_TLS_GARBAGE});
    assert_fails(channel_world_call(w, false, &ctx, NULL), ERR_UNAVAILABLE, "Echo");
}

static void test_call_when_the_server_is_silent_times_out(void **state)
{
    struct channel_world *w = *state;
    struct ctx ctx = channel_world_patience();
    bool written = true;
    channel_world_rebuild(w, (struct fake_cluster_config){.kind = FAKE_SILENT});
    struct ctx hasty = ctx_until(&ctx, dur_ms(50));
    assert_fails(channel_world_call(w, false, &hasty, &written), ERR_TIMEOUT, "TLS with");
    assert_false(written);
    channel_world_rebuild(w, (struct fake_cluster_config){.kind = FAKE_TLS_SILENT});
    CLEANUP(channel_session_freep) struct channel_session *dialled = NULL;
    assert_ok(channel_session_open(w->channel, NULL, false, &ctx, &dialled));
    hasty = ctx_until(&ctx, dur_ms(100));
    assert_fails(channel_world_call(w, false, &hasty, &written), ERR_TIMEOUT, "Echo");
    assert_true(written);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHANNEL_TEST(test_call_when_the_ca_is_another_is_untrusted),
        CHANNEL_TEST(test_call_when_the_name_is_anothers_is_untrusted),
        CHANNEL_TEST(test_call_when_the_servers_certificate_expired_says_so),
        CHANNEL_TEST(test_call_when_the_server_speaks_no_tls_is_a_protocol_error),
        CHANNEL_TEST(test_call_when_the_server_speaks_no_http2_fails),
        CHANNEL_TEST(test_call_when_the_server_is_silent_times_out),
    };
    return fake_cluster_run_tests("transport/channel_server", tests);
}
