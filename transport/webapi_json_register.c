/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"
#include "transport/webapi_json.h"

#include <stdio.h>
#include <string.h>

static RESULT add(struct secret *s, const char *text)
{
    return secret_append(s, text, strlen(text));
}

/* A string of RFC 8259; bytes of UTF-8 go through as they are. */
static RESULT add_text(struct secret *s, const char *text)
{
    TRY(add(s, "\""));
    for (const char *p = text; *p; p++) {
        char escaped[sizeof("\\u0000")] = {*p};
        if (*p == '"' || *p == '\\')
            memcpy(escaped, (char[]){'\\', *p, '\0'}, 3);
        else if ((unsigned char)*p < ' ')
            (void)snprintf(escaped, sizeof(escaped), "\\u%04x", (unsigned)*p);
        struct err *e = add(s, escaped);
        secret_wipe(escaped, sizeof(escaped));
        TRY(e);
    }
    return add(s, "\"");
}

/* Public keys: this copy may stay in memory. */
static RESULT add_base64(struct secret *s, const char *text)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(MSG_MAX);
    TRY(base64_encode(bytes_of_str(text), &b));
    return add_text(s, buf_str(&b));
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* What the members take beside their values. */
#define FIXED_ROOM 512
#define LONGEST_ESCAPE 6

static size_t room(const struct msg_register_request *m)
{
    size_t texts =
        strlen(or_empty(m->role)) + strlen(or_empty(m->token)) + strlen(or_empty(m->id_token));
    size_t keys = strlen(or_empty(m->public_tls_key)) + strlen(or_empty(m->public_ssh_key));
    return LONGEST_ESCAPE * texts + 2 * keys + FIXED_ROOM;
}

RESULT webapi_json_register(const struct msg_register_request *m, struct secret **ret)
{
    CLEANUP(secret_freep) struct secret *s = NULL;
    TRY(secret_with_room(room(m), &s));
    TRY(add(s, "{\"hostID\":\"\",\"node_name\":\"\",\"role\":"));
    TRY(add_text(s, or_empty(m->role)));
    TRY(add(s, ",\"token\":"));
    TRY(add_text(s, or_empty(m->token)));
    TRY(add(s, ",\"additional_principals\":[],\"dns_names\":[],\"public_tls_key\":"));
    TRY(add_base64(s, or_empty(m->public_tls_key)));
    TRY(add(s, ",\"public_ssh_key\":"));
    TRY(add_base64(s, or_empty(m->public_ssh_key)));
    TRY(add(s, ",\"remote_addr\":\"\""));
    if (*or_empty(m->id_token)) {
        TRY(add(s, ",\"id_token\":"));
        TRY(add_text(s, m->id_token));
    }
    if (m->expires.ns != WALL_NONE.ns) {
        char expires[RFC3339_SIZE];
        TRY(add(s, ",\"expires\":"));
        TRY(add_text(s, wall_format(m->expires, false, expires)));
    }
    TRY(add(s, "}"));
    *ret = TAKE(s);
    return NULL;
}
