/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/path_file.h"

#include "transport/json_read.h"

#include <string.h>

#define FORMAT_VERSION 1
#define LEARNT_MAX (INT64_MAX / 1000000000) /* what struct wall can hold */

static const char what[] = "what was learnt about the path";

/* --- out --- */

static RESULT set(json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) == 0)
        return NULL;
    return err_new(ERR_STORAGE, "%s: '%s' cannot be written", what, name);
}

/* The server chose some of these texts: one that is no UTF-8 is refused, not stored. */
static RESULT set_text(json_t *object, const char *name, const char *text)
{
    return *text ? set(object, name, json_string(text)) : NULL;
}

static RESULT fill(const struct path_file *f, json_t *o)
{
    bool has_server = f->server_version[0] != '\0';
    TRY(set(o, "version", json_integer(FORMAT_VERSION)));
    TRY(set_text(o, "settings", f->settings));
    TRY(set_text(o, "proven", f->proven));
    TRY(set_text(o, "kind", path_kind_name(f->kind)));
    TRY(set_text(o, "route", f->has_route ? route_name(f->route) : ""));
    TRY(set_text(o, "cluster", f->cluster));
    TRY(set_text(o, "server_version", f->server_version));
    TRY(set_text(o, "suite", has_server ? suite_name(f->suite) : ""));
    return set(o, "learnt", json_integer(wall_to_unix(f->learnt)));
}

RESULT path_file_encode(const struct path_file *f, struct buf *out)
{
    CLEANUP(json_decrefp) json_t *o = json_object();
    if (!o)
        return err_nomem();
    TRY(fill(f, o));
    CLEANUP(freep) char *text = json_dumps(o, JSON_INDENT(2));
    if (!text)
        return err_nomem();
    TRY(buf_add_str(out, text));
    return buf_add_str(out, "\n");
}

/* --- in --- */

static RESULT refuse(const char *member)
{
    return err_new(ERR_PROTOCOL, "%s: '%s' makes no sense", what, member);
}

static RESULT read_integer(const json_t *o, const char *name, int64_t max, int64_t *ret)
{
    const json_t *j = NULL;
    TRY(json_read_member(what, o, name, JSON_INTEGER, &j));
    *ret = j ? json_integer_value(j) : -1;
    return *ret >= 0 && *ret <= max ? NULL : refuse(name);
}

static RESULT read_hash(const json_t *o, const char *name, char ret[SHA256_HEX_SIZE])
{
    TRY(json_read_text(what, o, name, SHA256_HEX_SIZE, ret));
    size_t len = strspn(ret, "0123456789abcdef");
    bool is_hash = ret[len] == '\0' && (len == 0 || len == SHA256_HEX_SIZE - 1);
    return is_hash ? NULL : refuse(name);
}

static RESULT read_kind(const json_t *o, enum path_kind *ret)
{
    char text[16];
    TRY(json_read_text(what, o, "kind", sizeof(text), text));
    for (enum path_kind kind = PATH_AUTH; kind <= PATH_UNKNOWN; kind++) {
        if (strcmp(text, path_kind_name(kind)) != 0)
            continue;
        *ret = kind;
        return NULL;
    }
    return refuse("kind");
}

static RESULT read_route(const json_t *o, struct path_file *f)
{
    char text[16];
    TRY(json_read_text(what, o, "route", sizeof(text), text));
    for (enum route r = ROUTE_DIRECT; r <= ROUTE_TLS_ROUTING; r++) {
        if (!path_kind_has(f->kind, r) || strcmp(text, route_name(r)) != 0)
            continue;
        f->route = r;
        f->has_route = true;
        return NULL;
    }
    return *text ? refuse("route") : NULL;
}

static RESULT read_server(const json_t *o, struct path_file *f)
{
    char suite[32];
    TRY(json_read_text(what, o, "cluster", sizeof(f->cluster), f->cluster));
    TRY(json_read_text(what, o, "server_version", sizeof(f->server_version), f->server_version));
    TRY(json_read_text(what, o, "suite", sizeof(suite), suite));
    f->suite = suite_parse(suite);
    return f->server_version[0] || !*suite ? NULL : refuse("suite");
}

static RESULT read_all(struct bytes text, struct path_file *f)
{
    CLEANUP(json_decrefp) json_t *o = NULL;
    int64_t version = 0, learnt = 0;
    TRY(json_read(what, text, JSON_OBJECT, &o));
    TRY(read_integer(o, "version", INT64_MAX, &version));
    if (version != FORMAT_VERSION)
        return refuse("version");
    TRY(read_hash(o, "settings", f->settings));
    TRY(read_hash(o, "proven", f->proven));
    if (!f->settings[0])
        return refuse("settings");
    TRY(read_kind(o, &f->kind));
    TRY(read_route(o, f));
    TRY(read_server(o, f));
    TRY(read_integer(o, "learnt", LEARNT_MAX, &learnt));
    f->learnt = wall_of_unix(learnt);
    return NULL;
}

RESULT path_file_decode(struct bytes text, struct path_file *ret)
{
    struct path_file f = {0};
    struct err *e = read_all(text, &f);
    if (e)
        return err_code(e) == ERR_NOMEM ? e : err_wrap_as(ERR_STORAGE, e, "damaged or foreign");
    *ret = f;
    return NULL;
}

bool path_file_equals(const struct path_file *a, const struct path_file *b)
{
    return strcmp(a->settings, b->settings) == 0 && strcmp(a->proven, b->proven) == 0 &&
           a->kind == b->kind && a->has_route == b->has_route &&
           (!a->has_route || a->route == b->route) && strcmp(a->cluster, b->cluster) == 0 &&
           strcmp(a->server_version, b->server_version) == 0 && a->suite == b->suite;
}
