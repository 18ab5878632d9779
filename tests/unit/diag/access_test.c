/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/access.h"

#include "tests/support/assert_err.h"

enum { P = DIAG_PROBE, M = DIAG_METRICS, D = DIAG_DETAILS, C = DIAG_CHANGE, G = DIAG_DEBUG };

static const struct diag_policy plain = {0};
static const struct diag_policy debug = {.is_debug = true};
static const struct diag_policy unsafe = {.unsafe_plain = true};

static const struct diag_asker socket_peer = {.origin = DIAG_FROM_SOCKET, .is_peer_allowed = true};
static const struct diag_asker stranger = {.origin = DIAG_FROM_SOCKET};
static const struct diag_asker loopback = {.origin = DIAG_FROM_LOOPBACK, .host = "127.0.0.1:3001"};
static const struct diag_asker network = {.origin = DIAG_FROM_NETWORK, .host = "10.0.0.5:3001"};
static const struct diag_asker local_tls = {
    .origin = DIAG_FROM_LOOPBACK, .is_tls = true, .host = "bot.example"};
static const struct diag_asker network_tls = {
    .origin = DIAG_FROM_NETWORK, .is_tls = true, .host = "bot.example"};
static const struct diag_asker known_wrong_token = {
    .origin = DIAG_FROM_NETWORK, .is_tls = true, .is_known = true, .had_token = true};
static const struct diag_asker changer = {
    .origin = DIAG_FROM_LOOPBACK, .had_token = true, .is_token_valid = true, .may_change = true};
static const struct diag_asker debugger = {
    .origin = DIAG_FROM_LOOPBACK, .had_token = true, .is_token_valid = true, .may_debug = true};
static const struct diag_asker stranger_with_token = {
    .origin = DIAG_FROM_SOCKET, .had_token = true, .is_token_valid = true};
static const struct diag_asker known = {
    .origin = DIAG_FROM_NETWORK, .is_tls = true, .is_known = true};
static const struct diag_asker reader = {
    .origin = DIAG_FROM_NETWORK, .is_tls = true, .had_token = true, .is_token_valid = true};
static const struct diag_asker operator= {.origin = DIAG_FROM_NETWORK,
                                          .is_tls = true,
                                          .had_token = true,
                                          .is_token_valid = true,
                                          .may_change = true,
                                          .may_debug = true};
static const struct diag_asker wrong_token = {
    .origin = DIAG_FROM_NETWORK, .is_tls = true, .had_token = true};

static const struct {
    const char *name;
    const struct diag_policy *policy;
    const struct diag_asker *asker;
    enum diag_verdict wanted[5]; /* probe, metrics, details, change, debug */
} rows[] = {
#define OK DIAG_ALLOW
#define NO DIAG_FORBIDDEN
#define WHO DIAG_UNAUTHORIZED
#define GONE DIAG_ABSENT
    {"socket", &plain, &socket_peer, {OK, OK, OK, OK, GONE}},
    {"socket, debug", &debug, &socket_peer, {OK, OK, OK, OK, OK}},
    {"socket, stranger", &debug, &stranger, {NO, NO, NO, NO, NO}},
    {"socket, stranger with a token", &debug, &stranger_with_token, {OK, OK, OK, NO, NO}},
    {"loopback", &plain, &loopback, {OK, OK, OK, WHO, GONE}},
    {"loopback, debug", &debug, &loopback, {OK, OK, OK, WHO, WHO}},
    {"network", &plain, &network, {OK, OK, WHO, WHO, GONE}},
    {"network, unsafe", &unsafe, &network, {OK, OK, OK, WHO, GONE}},
    {"https, loopback", &debug, &local_tls, {OK, OK, OK, WHO, WHO}},
    {"https, network", &debug, &network_tls, {OK, OK, WHO, WHO, WHO}},
    {"https, network, unsafe plain", &unsafe, &network_tls, {OK, OK, WHO, WHO, GONE}},
    {"mutual TLS, no debug", &plain, &known, {OK, OK, OK, OK, GONE}},
    {"mutual TLS, wrong token", &debug, &known_wrong_token, {WHO, WHO, WHO, WHO, WHO}},
    {"token to change", &debug, &changer, {OK, OK, OK, OK, NO}},
    {"token to debug", &debug, &debugger, {OK, OK, OK, NO, OK}},
    {"token to debug, no debug", &plain, &debugger, {OK, OK, OK, NO, GONE}},
    {"mutual TLS", &debug, &known, {OK, OK, OK, OK, OK}},
    {"token to read", &debug, &reader, {OK, OK, OK, NO, NO}},
    {
        "token to operate",
        &debug,
        &operator,
        {OK, OK, OK, OK, OK} },
        {"wrong token", &debug, &wrong_token, {WHO, WHO, WHO, WHO, WHO}},
    };

static void test_table_of_rights(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int right = P; right <= G; right++) {
            enum diag_verdict v =
                diag_access(rows[i].policy, rows[i].asker, (enum diag_right)right);
            if (v != rows[i].wanted[right])
                fail_msg("%s, right %d: %u, wanted %u", rows[i].name, right, v,
                         rows[i].wanted[right]);
        }
}

static enum diag_verdict with_host(const char *host)
{
    struct diag_asker a = loopback;
    a.host = host;
    return diag_access(&plain, &a, DIAG_PROBE);
}

static void test_loopback_host_must_name_this_machine(void **state)
{
    (void)state;
    static const char *const good[] = {"localhost", "LOCALHOST:3001", "127.0.0.1", "127.1.2.3:1",
                                       "[::1]",     "[::1]:3001",     NULL};
    static const char *const bad[] = {
        "evil.example", "localhost.evil.example", "127.0.0.1.evil", "[::1].evil:80", "10.0.0.1", "",
        "127.evil"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_int_equal(with_host(good[i]), DIAG_ALLOW);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (with_host(bad[i]) != DIAG_MISDIRECTED)
            fail_msg("'%s' was let in", bad[i]);
}

static void test_tls_and_network_take_any_host(void **state)
{
    (void)state;
    struct diag_asker a = network;
    a.host = "bot.example";
    assert_int_equal(diag_access(&plain, &a, DIAG_PROBE), DIAG_ALLOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_of_rights),
        cmocka_unit_test(test_loopback_host_must_name_this_machine),
        cmocka_unit_test(test_tls_and_network_take_any_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
