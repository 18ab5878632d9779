/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/webapi.h"

#include "authority/joining.h"
#include "base/encode.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Takes `doc`, which may be NULL. */
static RESULT put_json(json_t *doc, struct buf *out)
{
    CLEANUP(json_decrefp) json_t *owned = doc;
    CLEANUP(freep) char *text = owned ? json_dumps(owned, JSON_COMPACT) : NULL;
    if (!text)
        return err_new(ERR_BUG, "the reply cannot be written as JSON");
    return buf_add_str(out, text);
}

RESULT webapi_error(const char *message, struct buf *out)
{
    return put_json(json_pack("{s:{s:s}}", "error", "message", message), out);
}

/* ---- Discovery ---- */

static json_t *proxy_json(const struct authority *a)
{
    const char *addr = authority_web_addr(a);
    return json_pack("{s:{s:b}, s:{s:s, s:s, s:s, s:s, s:s, s:s}, s:b}", "kube", "enabled", 0,
                     "ssh", "listen_addr", addr, "tunnel_listen_addr", addr, "web_listen_addr",
                     addr, "public_addr", addr, "ssh_public_addr", addr, "ssh_tunnel_public_addr",
                     addr, "tls_routing_enabled", 1);
}

static json_t *auth_json(const struct authority *a)
{
    if (authority_version(a) < 17)
        return json_pack("{s:s}", "type", "local");
    return json_pack("{s:s, s:s}", "type", "local", "signature_algorithm_suite",
                     suite_name(authority_suite(a)));
}

static RESULT find(struct authority *a, const struct peer *peer, struct bytes body, struct buf *out)
{
    (void)peer, (void)body;
    char min_version[32];
    snprintf(min_version, sizeof(min_version), "%d.0.0", authority_version(a) - 1);
    return put_json(json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:o}", "cluster_name",
                              authority_cluster(a), "server_version", authority_server_version(a),
                              "min_client_version", min_version, "edition", "oss",
                              "automatic_upgrades", 0, "proxy", proxy_json(a), "auth",
                              auth_json(a)),
                    out);
}

/* ---- Joining ---- */

static RESULT text_member(const json_t *doc, const char *name, const char **ret)
{
    const char *text = json_string_value(json_object_get(doc, name));
    if (!text)
        return err_new(ERR_REJECTED, "'%s' is missing", name);
    *ret = text;
    return NULL;
}

static RESULT key_member(const json_t *doc, const char *name, struct buf *out)
{
    const char *text = NULL;
    TRY(text_member(doc, name, &text));
    struct err *e = base64_decode(bytes_of_str(text), out);
    return e ? err_wrap_as(ERR_REJECTED, e, "'%s'", name) : NULL;
}

/* RFC 3339, as Go writes it: a fraction is dropped, a zone honoured. */
static RESULT time_member(const json_t *doc, const char *name, struct wall *ret)
{
    const json_t *member = json_object_get(doc, name);
    if (!member || json_is_null(member))
        return NULL;
    const char *text = json_string_value(member);
    struct tm tm = {.tm_isdst = 0};
    const char *at = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    if (at && *at == '.')
        at += 1 + strspn(at + 1, "0123456789");
    int hours = 0, minutes = 0, end = 0;
    char sign = '+';
    bool is_utc = at && strcmp(at, "Z") == 0;
    /* NOLINTNEXTLINE(cert-err34-c): two digits cannot overflow */
    if (!is_utc && (!at || sscanf(at, "%c%2d:%2d%n", &sign, &hours, &minutes, &end) != 3 ||
                    at[end] || !strchr("+-", sign)))
        return err_new(ERR_REJECTED, "'%s' is not a time", name);
    int64_t offset = (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    *ret = wall_of_unix((int64_t)timegm(&tm) - offset);
    return NULL;
}

static json_t *base64_json(struct bytes bytes)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(WEBAPI_MAX_REPLY);
    struct err *e = base64_encode(bytes, &text);
    if (e) {
        err_ignore(e, "the missing member makes the whole reply fail");
        return NULL;
    }
    return json_string(buf_str(&text));
}

static json_t *list_json(const struct strlist *texts)
{
    json_t *list = json_array();
    for (size_t i = 0; i < texts->len; i++)
        json_array_append_new(list, base64_json(bytes_of_str(texts->items[i])));
    return list;
}

static RESULT decode_and_join(struct authority *a, const json_t *doc, struct certs *ret)
{
    CLEANUP(buf_release) struct buf ssh_key = BUF_INIT(HTTP1_MAX_BODY);
    CLEANUP(buf_release) struct buf tls_key = BUF_INIT(HTTP1_MAX_BODY);
    struct joining joining = {.expires = WALL_NONE};
    TRY(text_member(doc, "token", &joining.token));
    TRY(text_member(doc, "role", &joining.role));
    joining.id_token = json_string_value(json_object_get(doc, "id_token"));
    TRY(key_member(doc, "public_ssh_key", &ssh_key));
    TRY(key_member(doc, "public_tls_key", &tls_key));
    TRY(time_member(doc, "expires", &joining.expires));
    joining.ssh_key = buf_bytes(&ssh_key);
    joining.tls_key = buf_bytes(&tls_key);
    return joining_with_text_keys(a, &joining, ret);
}

static RESULT join(struct authority *a, const struct peer *peer, struct bytes body, struct buf *out)
{
    (void)peer;
    CLEANUP(certs_release) struct certs made = CERTS_INIT;
    json_error_t at;
    CLEANUP(json_decrefp)
    json_t *doc = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, &at);
    if (!json_is_object(doc))
        return err_new(ERR_REJECTED, "the request is not a JSON object");
    TRY(decode_and_join(a, doc, &made));
    return put_json(json_pack("{s:o, s:o, s:o, s:o}", "ssh", base64_json(buf_bytes(&made.ssh)),
                              "tls", base64_json(buf_bytes(&made.tls)), "tls_ca_certs",
                              list_json(&made.tls_cas), "ssh_ca_certs", list_json(&made.ssh_cas)),
                    out);
}

/* ---- What was HTTP at auth ---- */

static RESULT cluster_name(struct authority *a, const struct peer *peer, struct bytes body,
                           struct buf *out)
{
    (void)body;
    TRY(authority_check_peer(a, peer));
    return put_json(json_pack("{s:s, s:s, s:{s:s}, s:{s:s}}", "kind", "cluster_name", "version",
                              "v2", "metadata", "name", "cluster-name", "spec", "cluster_name",
                              authority_cluster(a)),
                    out);
}

static RESULT remote_clusters(struct authority *a, const struct peer *peer, struct bytes body,
                              struct buf *out)
{
    (void)body;
    TRY(authority_check_peer(a, peer));
    CLEANUP(json_decrefp) json_t *list = json_array();
    const struct strlist *leaves = authority_leaves(a);
    for (size_t i = 0; i < leaves->len; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:{s:s}, s:{s:s}}", "kind",
                                              "remote_cluster", "version", "v3", "metadata", "name",
                                              leaves->items[i], "status", "connection", "online"));
    return put_json(TAKE(list), out);
}

typedef RESULT webapi_handler(struct authority *a, const struct peer *peer, struct bytes body,
                              struct buf *out);

static const struct {
    enum webapi_port port;
    const char *method, *path;
    int until; /* the last version that has it; 0: all */
    RESULT(*handle)
    (struct authority *a, const struct peer *peer, struct bytes body, struct buf *out);
} routes[] = {
    {WEBAPI_PORT_PROXY, "GET", "/webapi/find", 0, find},
    {WEBAPI_PORT_PROXY, "GET", "/webapi/ping", 0, find},
    {WEBAPI_PORT_PROXY, "POST", "/webapi/host/credentials", 0, join},
    {WEBAPI_PORT_AUTH, "POST", "/v2/tokens/register", 16, join},
    {WEBAPI_PORT_AUTH, "GET", "/v2/remoteclusters", 15, remote_clusters},
    {WEBAPI_PORT_AUTH, "GET", "/v2/configuration/name", 15, cluster_name},
};

const char *webapi_name(const struct http1_request *request)
{
    bool has_prefix = strncmp(request->path, "/v1/webapi/", 11) == 0;
    return request->path + (has_prefix ? 3 : 0);
}

RESULT webapi_handle(struct authority *a, enum webapi_port port, const struct peer *peer,
                     const struct http1_request *request, struct buf *out)
{
    const char *path = webapi_name(request);
    for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
        bool is_had = !routes[i].until || authority_version(a) <= routes[i].until;
        if (routes[i].port == port && is_had && strcmp(path, routes[i].path) == 0 &&
            strcmp(request->method, routes[i].method) == 0)
            return routes[i].handle(a, peer, secret_bytes(request->body), out);
    }
    return err_new(ERR_NOT_FOUND, "%s %s is not found", request->method, request->path);
}
