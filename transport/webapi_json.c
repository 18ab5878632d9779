/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/webapi_json.h"

#include "base/encode.h"
#include "transport/json_read.h"

#include <ctype.h>
#include <string.h>

/* A name or address of at most this many bytes. */
static RESULT text(const char *what, const json_t *object, const char *name,
                   char ret[WEBAPI_TEXT_SIZE])
{
    return json_read_text(what, object, name, WEBAPI_TEXT_SIZE, ret);
}

/* --- discovery --- */

static const char find_what[] = "the proxy's description of itself";

/* Text, as the proxy writes it; a number and protobuf's long name mean the same. */
static RESULT find_suite(const json_t *auth, enum suite *ret)
{
    static const char prefix[] = "SIGNATURE_ALGORITHM_SUITE_";
    const json_t *j = json_object_get(auth, "signature_algorithm_suite");
    if (json_is_integer(j)) {
        *ret = suite_of_number(json_integer_value(j));
        return NULL;
    }
    char name[WEBAPI_TEXT_SIZE];
    TRY(text(find_what, auth, "signature_algorithm_suite", name));
    if (strncmp(name, prefix, sizeof(prefix) - 1) != 0) {
        *ret = suite_parse(name);
        return NULL;
    }
    char *rest = name + sizeof(prefix) - 1;
    for (char *p = rest; *p; p++)
        *p = (char)(*p == '_' ? '-' : tolower((unsigned char)*p));
    *ret = suite_parse(rest);
    return NULL;
}

static RESULT find_addresses(const json_t *proxy, struct webapi_find *f)
{
    const json_t *ssh = NULL;
    const json_t *kube = NULL;
    TRY(json_read_member(find_what, proxy, "ssh", JSON_OBJECT, &ssh));
    TRY(json_read_member(find_what, proxy, "kube", JSON_OBJECT, &kube));
    TRY(json_read_flag(find_what, proxy, "tls_routing_enabled", &f->has_tls_routing));
    TRY(text(find_what, ssh, "listen_addr", f->ssh_listen_addr));
    TRY(text(find_what, ssh, "tunnel_listen_addr", f->tunnel_listen_addr));
    TRY(text(find_what, ssh, "web_listen_addr", f->web_listen_addr));
    TRY(text(find_what, ssh, "public_addr", f->public_addr));
    TRY(text(find_what, ssh, "ssh_public_addr", f->ssh_public_addr));
    TRY(text(find_what, ssh, "ssh_tunnel_public_addr", f->tunnel_public_addr));
    TRY(json_read_flag(find_what, kube, "enabled", &f->has_kube));
    TRY(text(find_what, kube, "listen_addr", f->kube_listen_addr));
    return text(find_what, kube, "public_addr", f->kube_public_addr);
}

RESULT webapi_json_find(struct bytes body, struct webapi_find *ret)
{
    struct webapi_find f = {.date = WALL_NONE};
    CLEANUP(json_decrefp) json_t *root = NULL;
    const json_t *proxy = NULL;
    const json_t *auth = NULL;
    TRY(json_read(find_what, body, JSON_OBJECT, &root));
    TRY(json_read_member(find_what, root, "proxy", JSON_OBJECT, &proxy));
    TRY(json_read_member(find_what, root, "auth", JSON_OBJECT, &auth));
    TRY(text(find_what, root, "cluster_name", f.cluster_name));
    TRY(text(find_what, root, "server_version", f.server_version));
    TRY(text(find_what, root, "min_client_version", f.min_client_version));
    TRY(text(find_what, root, "edition", f.edition));
    TRY(find_suite(auth, &f.suite));
    TRY(find_addresses(proxy, &f));
    if (!f.cluster_name[0])
        return err_new(ERR_PROTOCOL, "%s: no cluster name", find_what);
    TRY(version_major(f.server_version, &f.server_major));
    *ret = f;
    return NULL;
}

/* --- certificates --- */

static const char certs_what[] = "certificates";

static RESULT decoded(const json_t *j, const char *name, struct buf *out)
{
    if (!json_is_string(j))
        return err_new(ERR_PROTOCOL, "%s: '%s' has the wrong type", certs_what, name);
    struct bytes in = {(const uint8_t *)json_string_value(j), json_string_length(j)};
    TRY_CTX(base64_decode(in, out), "%s: '%s'", certs_what, name);
    if (out->len > 0 && memchr(out->data, '\0', out->len))
        return err_new(ERR_PROTOCOL, "%s: '%s' holds a NUL byte", certs_what, name);
    return NULL;
}

static RESULT decoded_member(const json_t *root, const char *name, struct buf *out)
{
    const json_t *j = NULL;
    TRY(json_read_member(certs_what, root, name, JSON_STRING, &j));
    return j ? decoded(j, name, out) : NULL;
}

static RESULT decoded_list(const json_t *root, const char *name, struct strlist *out)
{
    const json_t *list = NULL;
    TRY(json_read_member(certs_what, root, name, JSON_ARRAY, &list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        CLEANUP(buf_release) struct buf item = BUF_INIT(MSG_MAX);
        TRY(decoded(json_array_get(list, i), name, &item));
        TRY(strlist_add(out, buf_str(&item)));
    }
    return NULL;
}

/* Out and in again through the codec: all ways of joining have one result, with one set of rules. */
static RESULT to_message(const struct msg_certs *borrowed, struct msg_certs *ret)
{
    CLEANUP(buf_release) struct buf wire = BUF_INIT(MSG_MAX);
    TRY(msg_certs_encode(borrowed, &wire));
    return msg_certs_decode(buf_bytes(&wire), ret);
}

RESULT webapi_json_certs(struct bytes body, struct msg_certs *ret)
{
    CLEANUP(json_decrefp) json_t *root = NULL;
    CLEANUP(buf_release) struct buf ssh = BUF_INIT(MSG_MAX);
    CLEANUP(buf_release) struct buf tls = BUF_INIT(MSG_MAX);
    CLEANUP(strlist_release) struct strlist tls_cas = {0};
    CLEANUP(strlist_release) struct strlist ssh_cas = {0};
    TRY(json_read(certs_what, body, JSON_OBJECT, &root));
    TRY(decoded_member(root, "ssh", &ssh));
    TRY(decoded_member(root, "tls", &tls));
    TRY(decoded_list(root, "tls_ca_certs", &tls_cas));
    TRY(decoded_list(root, "ssh_ca_certs", &ssh_cas));
    const struct msg_certs borrowed = {
        .ssh = buf_str(&ssh), .tls = buf_str(&tls), .tls_cas = tls_cas, .ssh_cas = ssh_cas};
    return to_message(&borrowed, ret);
}

/* --- leaf clusters --- */

RESULT webapi_json_remote_clusters(struct bytes body, struct strlist *ret)
{
    static const char what[] = "leaf clusters";
    CLEANUP(json_decrefp) json_t *root = NULL;
    CLEANUP(strlist_release) struct strlist names = {0};
    TRY(strlist_copy(&names, ret));
    TRY(json_read(what, body, JSON_ARRAY, &root));
    if (json_array_size(root) > MSG_MAX_ITEMS)
        return err_new(ERR_PROTOCOL, "%s: more than %d", what, MSG_MAX_ITEMS);
    for (size_t i = 0; i < json_array_size(root); i++) {
        const json_t *metadata = NULL;
        char name[WEBAPI_TEXT_SIZE];
        TRY(json_read_member(what, json_array_get(root, i), "metadata", JSON_OBJECT, &metadata));
        TRY(text(what, metadata, "name", name));
        if (!name[0])
            return err_new(ERR_PROTOCOL, "%s: one without a name", what);
        TRY(strlist_add(&names, name));
    }
    strlist_release(ret);
    *ret = names;
    names = (struct strlist){0};
    return NULL;
}

/* --- errors --- */

char *webapi_json_error(struct bytes body, char out[WEBAPI_JSON_ERROR_SIZE])
{
    CLEANUP(json_decrefp) json_t *root = NULL;
    out[0] = '\0';
    struct err *e = json_read("error", body, JSON_OBJECT, &root);
    if (e) {
        err_ignore(e, "the status says enough");
        return out;
    }
    const json_t *message = json_object_get(json_object_get(root, "error"), "message");
    size_t len = json_string_length(message);
    if (len >= WEBAPI_JSON_ERROR_SIZE)
        len = WEBAPI_JSON_ERROR_SIZE - 1;
    for (size_t i = 0; i < len; i++) {
        char c = json_string_value(message)[i];
        out[i] = (char)(c < 0 || c == 0x7f ? '?' : c < ' ' ? ' ' : c);
    }
    out[len] = '\0';
    return out;
}
