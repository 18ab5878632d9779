/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/webapi_json.h"

#include "tests/support/assert_err.h"
#include "tests/support/inputs.h"

#include <stdio.h>

/* --- discovery --- */

static const char find_v17[] =
    "{\"auth\":{\"type\":\"local\",\"signature_algorithm_suite\":\"balanced-v1\"},"
    "\"proxy\":{\"kube\":{\"enabled\":true,\"listen_addr\":\"0.0.0.0:3026\","
    "\"public_addr\":\"kube.example.com:3026\"},"
    "\"ssh\":{\"listen_addr\":\"[::]:3023\",\"tunnel_listen_addr\":\"0.0.0.0:3024\","
    "\"web_listen_addr\":\"0.0.0.0:3080\",\"public_addr\":\"web.example.com:443\","
    "\"ssh_public_addr\":\"ssh.example.com\",\"ssh_tunnel_public_addr\":\"tun.example.com:1\","
    "\"dial_timeout\":30000000000},\"tls_routing_enabled\":true},"
    "\"server_version\":\"17.2.1\",\"min_client_version\":\"16.0.0\","
    "\"cluster_name\":\"r\\u00f6ot\",\"edition\":\"community\",\"fips\":false}";

static void test_find_of_a_full_answer_gives_every_field(void **state)
{
    struct webapi_find f;
    (void)state;
    assert_ok(webapi_json_find(bytes_of_str(find_v17), &f));
    assert_string_equal(f.cluster_name, "röot");
    assert_string_equal(f.server_version, "17.2.1");
    assert_int_equal(f.server_major, 17);
    assert_string_equal(f.min_client_version, "16.0.0");
    assert_string_equal(f.edition, "community");
    assert_int_equal(f.suite, SUITE_BALANCED_V1);
    assert_true(f.has_tls_routing);
    assert_string_equal(f.web_listen_addr, "0.0.0.0:3080");
    assert_string_equal(f.public_addr, "web.example.com:443");
    assert_string_equal(f.ssh_listen_addr, "[::]:3023");
    assert_string_equal(f.ssh_public_addr, "ssh.example.com");
    assert_string_equal(f.tunnel_listen_addr, "0.0.0.0:3024");
    assert_string_equal(f.tunnel_public_addr, "tun.example.com:1");
    assert_true(f.has_kube);
    assert_string_equal(f.kube_listen_addr, "0.0.0.0:3026");
    assert_string_equal(f.kube_public_addr, "kube.example.com:3026");
    assert_int_equal(f.date.ns, WALL_NONE.ns);
}

static void test_find_of_the_least_answer_leaves_the_rest_empty(void **state)
{
    static const char *const least[] = {
        "{\"cluster_name\":\"c\",\"server_version\":\"15.0.0\"}",
        "{\"cluster_name\":\"c\",\"server_version\":\"15.0.0\",\"auth\":null,\"proxy\":null,"
        "\"edition\":null}",
        "{\"cluster_name\":\"c\",\"server_version\":\"15.0.0\",\"auth\":{},\"proxy\":{\"ssh\":null,"
        "\"kube\":{\"enabled\":null},\"tls_routing_enabled\":null}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(least) / sizeof(least[0]); i++) {
        struct webapi_find f;
        assert_ok(webapi_json_find(bytes_of_str(least[i]), &f));
        assert_int_equal(f.server_major, 15);
        assert_int_equal(f.suite, SUITE_LEGACY);
        assert_false(f.has_tls_routing || f.has_kube);
        assert_string_equal(f.edition, "");
        assert_string_equal(f.public_addr, "");
        assert_string_equal(f.kube_public_addr, "");
    }
}

static void assert_suite(const char *value, enum suite want)
{
    char body[256];
    struct webapi_find f;
    snprintf(body, sizeof(body),
             "{\"cluster_name\":\"c\",\"server_version\":\"17.0.0\","
             "\"auth\":{\"signature_algorithm_suite\":%s}}",
             value);
    assert_ok(webapi_json_find(bytes_of_str(body), &f));
    assert_int_equal(f.suite, want);
}

static void test_suite_is_read_as_text_number_and_long_name(void **state)
{
    (void)state;
    assert_suite("\"legacy\"", SUITE_LEGACY);
    assert_suite("\"balanced-v1\"", SUITE_BALANCED_V1);
    assert_suite("\"fips-v1\"", SUITE_FIPS_V1);
    assert_suite("\"hsm-v1\"", SUITE_HSM_V1);
    assert_suite("\"SIGNATURE_ALGORITHM_SUITE_LEGACY\"", SUITE_LEGACY);
    assert_suite("\"SIGNATURE_ALGORITHM_SUITE_BALANCED_V1\"", SUITE_BALANCED_V1);
    assert_suite("\"SIGNATURE_ALGORITHM_SUITE_HSM_V1\"", SUITE_HSM_V1);
    assert_suite("\"SIGNATURE_ALGORITHM_SUITE_UNSPECIFIED\"", SUITE_LEGACY);
    assert_suite("0", SUITE_LEGACY);
    assert_suite("2", SUITE_BALANCED_V1);
    assert_suite("3", SUITE_FIPS_V1);
    assert_suite("4", SUITE_HSM_V1);
    assert_suite("5", SUITE_LEGACY);
    assert_suite("-1", SUITE_LEGACY);
    assert_suite("4294967298", SUITE_LEGACY);
    assert_suite("\"new-v9\"", SUITE_LEGACY);
    assert_suite("null", SUITE_LEGACY);
}

static void assert_find_refused(const char *body, const char *part)
{
    struct webapi_find f = {.cluster_name = "untouched"};
    assert_fails(webapi_json_find(bytes_of_str(body), &f), ERR_PROTOCOL, part);
    assert_string_equal(f.cluster_name, "untouched");
}

#define NAMED(more) "{\"cluster_name\":\"c\",\"server_version\":\"15.0.0\"," more "}"

static void test_find_of_the_wrong_shape_is_refused(void **state)
{
    (void)state;
    assert_find_refused("", "not JSON");
    assert_find_refused("<html></html>", "not JSON");
    assert_find_refused("{}x", "not JSON");
    assert_find_refused("[]", "not an object");
    assert_find_refused("{}", "no cluster name");
    assert_find_refused("{\"cluster_name\":\"\",\"server_version\":\"15.0.0\"}", "no cluster name");
    assert_find_refused("{\"cluster_name\":\"c\"}", "not a version number");
    assert_find_refused("{\"cluster_name\":\"c\",\"server_version\":\"new\"}", "'new'");
    assert_find_refused("{\"cluster_name\":1}", "'cluster_name' has the wrong type");
    assert_find_refused(NAMED("\"cluster_name\":\"d\""), "not JSON");
    assert_find_refused(NAMED("\"proxy\":[]"), "'proxy' has the wrong type");
    assert_find_refused(NAMED("\"auth\":\"x\""), "'auth' has the wrong type");
    assert_find_refused(NAMED("\"proxy\":{\"ssh\":1}"), "'ssh' has the wrong type");
    assert_find_refused(NAMED("\"proxy\":{\"kube\":true}"), "'kube' has the wrong type");
    assert_find_refused(NAMED("\"proxy\":{\"kube\":{\"enabled\":1}}"), "'enabled' has the wrong");
    assert_find_refused(NAMED("\"proxy\":{\"tls_routing_enabled\":\"yes\"}"), "wrong type");
    assert_find_refused(NAMED("\"proxy\":{\"ssh\":{\"public_addr\":7}}"), "'public_addr' has");
    assert_find_refused(NAMED("\"auth\":{\"signature_algorithm_suite\":true}"), "wrong type");
}

static void test_text_with_control_bytes_is_refused(void **state)
{
    (void)state;
    assert_find_refused(NAMED("\"edition\":\"a\\u0000b\""), "not JSON");
    assert_find_refused(NAMED("\"edition\":\"a\\nb\""), "control characters");
    assert_find_refused(NAMED("\"edition\":\"a\\u001b[2J\""), "control characters");
    assert_find_refused(NAMED("\"edition\":\"a\\u007f\""), "control characters");
    assert_find_refused(NAMED("\"edition\":\"\xff\""), "not JSON");
    const char raw[] = "{\"cluster_name\":\"c\0\",\"server_version\":\"15.0.0\"}";
    struct webapi_find f;
    assert_fails(webapi_json_find((struct bytes){(const uint8_t *)raw, sizeof(raw) - 1}, &f),
                 ERR_PROTOCOL, "not JSON");
}

static void test_text_at_its_limit_is_taken_and_one_byte_more_is_not(void **state)
{
    char name[WEBAPI_TEXT_SIZE + 1];
    char body[512];
    struct webapi_find f;
    (void)state;
    memset(name, 'n', sizeof(name));
    name[WEBAPI_TEXT_SIZE - 1] = '\0';
    snprintf(body, sizeof(body), "{\"cluster_name\":\"%s\",\"server_version\":\"15.0.0\"}", name);
    assert_ok(webapi_json_find(bytes_of_str(body), &f));
    assert_string_equal(f.cluster_name, name);
    name[WEBAPI_TEXT_SIZE - 1] = 'n';
    name[WEBAPI_TEXT_SIZE] = '\0';
    snprintf(body, sizeof(body), "{\"cluster_name\":\"%s\",\"server_version\":\"15.0.0\"}", name);
    assert_find_refused(body, "too long");
}

static void repeat(struct buf *b, const char *piece, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_ok(buf_add_str(b, piece));
}

static void test_nesting_and_number_of_values_are_bounded(void **state)
{
    struct webapi_find f;
    (void)state;
    for (size_t depth = 31; depth <= 32; depth++) {
        CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
        assert_ok(buf_add_str(&b, "{\"cluster_name\":\"c\",\"server_version\":\"15.0.0\",\"x\":"));
        repeat(&b, "[", depth);
        repeat(&b, "]", depth);
        assert_ok(buf_add_str(&b, ",\"text\":\"\\\""));
        repeat(&b, "{", 100); /* in a text, behind an escaped quote: no nesting */
        assert_ok(buf_add_str(&b, "\"}"));
        if (depth == 31)
            assert_ok(webapi_json_find(buf_bytes(&b), &f));
        else
            assert_find_refused(buf_str(&b), "nested too deeply");
    }
    CLEANUP(buf_release) struct buf deep = BUF_INIT((size_t)1 << 20);
    repeat(&deep, "[", 100000);
    assert_find_refused(buf_str(&deep), "nested too deeply");
    CLEANUP(buf_release) struct buf many = BUF_INIT((size_t)1 << 20);
    repeat(&many, "{},", 40000);
    assert_find_refused(buf_str(&many), "too many values");
}

static void check_find_cut(struct bytes damaged, size_t len, void *arg)
{
    struct webapi_find f;
    (void)len;
    (void)arg;
    assert_fails(webapi_json_find(damaged, &f), ERR_PROTOCOL, "not JSON");
}

static void check_find_damaged(struct bytes damaged, size_t len, void *arg)
{
    struct webapi_find f;
    (void)len;
    (void)arg;
    struct err *e = webapi_json_find(damaged, &f);
    if (e)
        assert_int_equal(err_code(e), ERR_PROTOCOL);
    else
        assert_true(f.cluster_name[0] != '\0');
    err_free(e);
}

static void test_find_of_a_damaged_answer_is_refused_or_whole(void **state)
{
    (void)state;
    inputs_truncate(bytes_of_str(find_v17), check_find_cut, NULL);
    inputs_flip_bits(bytes_of_str(find_v17), 1, check_find_damaged, NULL);
}

/* --- certificates --- */

static const char certs[] = "{\"ssh\":\"c3NoLXJzYQ==\",\"tls\":\"LS0tLS1CRUdJTg==\","
                            "\"tls_ca_certs\":[\"Y2Ex\",\"Y2Ey\"],\"ssh_ca_certs\":[\"Y2Ez\"]}";

static void test_certs_of_an_answer_are_decoded(void **state)
{
    CLEANUP(msg_certs_release) struct msg_certs c = {0};
    (void)state;
    assert_ok(webapi_json_certs(bytes_of_str(certs), &c));
    assert_string_equal(c.ssh, "ssh-rsa");
    assert_string_equal(c.tls, "-----BEGIN");
    assert_int_equal(c.tls_cas.len, 2);
    assert_string_equal(c.tls_cas.items[0], "ca1");
    assert_string_equal(c.tls_cas.items[1], "ca2");
    assert_int_equal(c.ssh_cas.len, 1);
    assert_string_equal(c.ssh_cas.items[0], "ca3");
}

static void test_certs_that_are_absent_or_null_are_empty(void **state)
{
    static const char *const empty[] = {
        "{}", "{\"ssh\":null,\"tls\":\"\",\"tls_ca_certs\":null,\"ssh_ca_certs\":[]}"};
    (void)state;
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        CLEANUP(msg_certs_release) struct msg_certs c = {0};
        assert_ok(webapi_json_certs(bytes_of_str(empty[i]), &c));
        assert_string_equal(c.ssh, "");
        assert_string_equal(c.tls, "");
        assert_int_equal(c.tls_cas.len + c.ssh_cas.len, 0);
    }
}

static void test_certs_of_the_wrong_shape_are_refused(void **state)
{
    static const struct {
        const char *body, *part;
    } bad[] = {
        {"[]", "not an object"},
        {"{\"tls\":[]}", "'tls' has the wrong type"},
        {"{\"tls\":\"YWI\"}", "'tls'"},
        {"{\"tls\":\"****\"}", "'tls'"},
        {"{\"tls\":\"YQBi\"}", "'tls' holds a NUL byte"},
        {"{\"ssh\":\"/w==\"}", "UTF-8"},
        {"{\"tls_ca_certs\":\"Y2Ex\"}", "'tls_ca_certs' has the wrong type"},
        {"{\"tls_ca_certs\":[null]}", "'tls_ca_certs' has the wrong type"},
        {"{\"ssh_ca_certs\":[\"Y2Ex\",1]}", "'ssh_ca_certs' has the wrong type"},
        {"{\"ssh_ca_certs\":[\"YQBi\"]}", "holds a NUL byte"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CLEANUP(msg_certs_release) struct msg_certs c = {0};
        assert_fails(webapi_json_certs(bytes_of_str(bad[i].body), &c), ERR_PROTOCOL, bad[i].part);
        assert_null(c.memory);
    }
}

static void test_certs_with_too_many_cas_are_refused(void **state)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT((size_t)1 << 20);
    CLEANUP(msg_certs_release) struct msg_certs c = {0};
    (void)state;
    assert_ok(buf_add_str(&b, "{\"tls_ca_certs\":[\"YQ==\""));
    repeat(&b, ",\"YQ==\"", MSG_MAX_ITEMS);
    assert_ok(buf_add_str(&b, "]}"));
    assert_fails(webapi_json_certs(buf_bytes(&b), &c), ERR_PROTOCOL, "more than 4096");
}

static void check_certs_damaged(struct bytes damaged, size_t len, void *arg)
{
    CLEANUP(msg_certs_release) struct msg_certs c = {0};
    (void)len;
    (void)arg;
    struct err *e = webapi_json_certs(damaged, &c);
    assert_true(!e || err_code(e) == ERR_PROTOCOL);
    assert_true(!e == (c.memory != NULL));
    err_free(e);
}

static void test_certs_of_a_damaged_answer_are_refused_or_whole(void **state)
{
    (void)state;
    inputs_truncate(bytes_of_str(certs), check_certs_damaged, NULL);
    inputs_flip_bits(bytes_of_str(certs), 1, check_certs_damaged, NULL);
}

/* --- leaf clusters --- */

static void test_remote_clusters_are_added_by_name(void **state)
{
    CLEANUP(strlist_release) struct strlist names = {0};
    (void)state;
    assert_ok(strlist_add(&names, "first"));
    assert_ok(webapi_json_remote_clusters(bytes_of_str("[]"), &names));
    assert_ok(webapi_json_remote_clusters(
        bytes_of_str("[{\"kind\":\"remote_cluster\",\"metadata\":{\"name\":\"leaf-1\"},"
                     "\"status\":{\"connection\":\"online\"}},{\"metadata\":{\"name\":\"b\"}}]"),
        &names));
    assert_int_equal(names.len, 3);
    assert_string_equal(names.items[0], "first");
    assert_string_equal(names.items[1], "leaf-1");
    assert_string_equal(names.items[2], "b");
}

static void test_remote_clusters_of_the_wrong_shape_are_refused(void **state)
{
    static const char *const bad[] = {
        "{}",
        "[1]",
        "[null]",
        "[{}]",
        "[{\"metadata\":{}}]",
        "[{\"metadata\":{\"name\":\"\"}}]",
        "[{\"metadata\":{\"name\":\"ok\"}},{\"metadata\":{\"name\":1}}]",
        "[{\"metadata\":{\"name\":\"a\\u0000\"}}]",
        "[{\"metadata\":[]}]",
        "[",
    };
    CLEANUP(strlist_release) struct strlist names = {0};
    (void)state;
    assert_ok(strlist_add(&names, "first"));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_fails(webapi_json_remote_clusters(bytes_of_str(bad[i]), &names), ERR_PROTOCOL,
                     "leaf clusters: ");
        assert_int_equal(names.len, 1);
    }
    CLEANUP(buf_release) struct buf many = BUF_INIT((size_t)1 << 20);
    assert_ok(buf_add_str(&many, "[1"));
    repeat(&many, ",1", MSG_MAX_ITEMS);
    assert_ok(buf_add_str(&many, "]"));
    assert_fails(webapi_json_remote_clusters(buf_bytes(&many), &names), ERR_PROTOCOL, "more than");
}

/* --- errors --- */

static void assert_message(const char *body, const char *want)
{
    char out[WEBAPI_JSON_ERROR_SIZE];
    assert_string_equal(webapi_json_error(bytes_of_str(body), out), want);
}

static void test_error_message_is_found_and_made_printable(void **state)
{
    (void)state;
    assert_message("{\"error\":{\"message\":\"token expired\"},\"fields\":{}}", "token expired");
    assert_message("{\"error\":{\"message\":\"a\\tb\\nc\\u001b[2J\\u007f\"}}", "a b c [2J?");
    assert_message("{\"error\":{\"message\":\"\\u202eevil\"}}", "???evil");
    assert_message("", "");
    assert_message("<html>502</html>", "");
    assert_message("[]", "");
    assert_message("{}", "");
    assert_message("{\"error\":\"text\"}", "");
    assert_message("{\"error\":{\"message\":1}}", "");
    assert_message("{\"error\":{\"message\":\"a\\u0000b\"}}", "");
}

static void test_error_message_that_is_too_long_is_cut(void **state)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(8192);
    char out[WEBAPI_JSON_ERROR_SIZE];
    (void)state;
    assert_ok(buf_add_str(&b, "{\"error\":{\"message\":\""));
    repeat(&b, "m", 4096);
    assert_ok(buf_add_str(&b, "\"}}"));
    assert_int_equal(strlen(webapi_json_error(buf_bytes(&b), out)), WEBAPI_JSON_ERROR_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find_of_a_full_answer_gives_every_field),
        cmocka_unit_test(test_find_of_the_least_answer_leaves_the_rest_empty),
        cmocka_unit_test(test_suite_is_read_as_text_number_and_long_name),
        cmocka_unit_test(test_find_of_the_wrong_shape_is_refused),
        cmocka_unit_test(test_text_with_control_bytes_is_refused),
        cmocka_unit_test(test_text_at_its_limit_is_taken_and_one_byte_more_is_not),
        cmocka_unit_test(test_nesting_and_number_of_values_are_bounded),
        cmocka_unit_test(test_find_of_a_damaged_answer_is_refused_or_whole),
        cmocka_unit_test(test_certs_of_an_answer_are_decoded),
        cmocka_unit_test(test_certs_that_are_absent_or_null_are_empty),
        cmocka_unit_test(test_certs_of_the_wrong_shape_are_refused),
        cmocka_unit_test(test_certs_with_too_many_cas_are_refused),
        cmocka_unit_test(test_certs_of_a_damaged_answer_are_refused_or_whole),
        cmocka_unit_test(test_remote_clusters_are_added_by_name),
        cmocka_unit_test(test_remote_clusters_of_the_wrong_shape_are_refused),
        cmocka_unit_test(test_error_message_is_found_and_made_printable),
        cmocka_unit_test(test_error_message_that_is_too_long_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
