/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/diag_client.h"

#include "base/dir.h"
#include "cmd/diag_connect.h"
#include "cmd/reply_text.h"
#include "identity/pki/bundle.h"
#include "identity/pki/ossl.h"
#include "transport/http_plain.h"

#include <string.h>

#define TOKEN_MAX 4096
#define CA_MAX ((size_t)1024 * 1024)
#define REPLY_MAX ((size_t)64 * 1024 * 1024) /* a profile of a large heap */

/* --- what the options name --- */

static RESULT check_token(const struct secret *token, const char *path)
{
    struct bytes text = secret_bytes(token);
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return err_new(ERR_USAGE, "option '--token': '%s' holds more than one word of ASCII",
                           path);
    return text.len > 0 ? NULL : err_new(ERR_USAGE, "option '--token': '%s' is empty", path);
}

static RESULT read_token(const char *path, struct secret **ret)
{
    CLEANUP(secret_freep) struct secret *token = NULL;
    bool is_stdin = strcmp(path, "-") == 0;
    struct err *e = file_read_secret(is_stdin ? "/dev/stdin" : path, TOKEN_MAX, &token);
    if (e)
        return err_set_hint(err_wrap_as(ERR_USAGE, e, "option '--token'"),
                            "It names a file that holds the token; a token itself would be seen by "
                            "others on the command line.");
    secret_trim(token);
    TRY(check_token(token, path));
    *ret = TAKE(token);
    return NULL;
}

static RESULT parse_roots(const char *pem, struct stack_st_X509 **ret)
{
    CLEANUP(strlist_release) struct strlist pems = {0};
    TRY(strlist_add(&pems, pem));
    return bundle_from_pems(&pems, ret);
}

static RESULT read_roots(const char *path, struct stack_st_X509 **ret)
{
    CLEANUP(buf_freep) struct buf *pem = NULL;
    struct err *e = file_read(path, CA_MAX, &pem);
    if (!e)
        e = parse_roots(buf_str(pem), ret);
    return e ? err_wrap_as(ERR_USAGE, e, "option '--ca': '%s'", path) : NULL;
}

/* One that is known to others opens whatever it was meant for: better no answer than that. */
static RESULT check_way_of_token(const struct diag_where *w)
{
    if (w->kind != DIAG_WHERE_PLAIN || address_is_loopback(&w->address))
        return NULL;
    return err_set_hint(
        err_new(ERR_USAGE, "option '--token': it would cross the network to '%s' unencrypted",
                w->text),
        "Have the agent listen at an https:// address, or ask without a token, or on its machine.");
}

RESULT diag_client_init(struct diag_client *c, const struct diag_options *o)
{
    CLEANUP(diag_client_release) struct diag_client made = {.clock = clock_system()};
    TRY(diag_where_find(o, &made.where));
    if (o->ca && made.where.kind != DIAG_WHERE_TLS)
        return err_new(ERR_USAGE, "option '--ca' is about https:// addresses");
    if (o->ca)
        TRY(read_roots(o->ca, &made.roots));
    if (o->token_file)
        TRY(check_way_of_token(&made.where));
    if (o->token_file && made.where.kind != DIAG_WHERE_SOCKET)
        TRY(read_token(o->token_file, &made.token));
    *c = made;
    made = (struct diag_client){0};
    return NULL;
}

void diag_client_release(struct diag_client *c)
{
    secret_free(c->token);
    x509_stack_freep(&c->roots);
    c->token = NULL;
    c->roots = NULL;
}

/* --- the question --- */

/* An http:// address names the host that is asked; to a Unix socket there is none to name. */
static const char *host_of(const struct diag_where *w)
{
    return w->kind == DIAG_WHERE_SOCKET ? "localhost" : w->text;
}

static RESULT exchange(const struct diag_client *c, const struct diag_question *q,
                       const struct ctx *ctx, struct http_reply *ret)
{
    CLEANUP(diag_connection_release) struct diag_connection connection = DIAG_CONNECTION_INIT;
    TRY(diag_connect(&c->where, c->roots, ctx, &connection));
    const struct http_stream stream = diag_connection_stream(&connection);
    const struct http_request request = {
        .method = q->method,
        .path = q->path,
        .host = host_of(&c->where),
        .content_type = q->body ? "text/plain" : NULL,
        .body = q->body ? bytes_of_str(q->body) : (struct bytes){0},
        .accept = q->accept,
        .bearer = c->token,
    };
    return http_exchange(&stream, &request, REPLY_MAX, ctx, ret);
}

static RESULT refused(const struct diag_client *c, const struct http_reply *reply)
{
    struct err *e = diag_client_unexpected(c, reply);
    e = err_wrap_as(ERR_DENIED, e, "the agent refuses");
    if (c->where.kind == DIAG_WHERE_SOCKET)
        return err_set_hint(e, "Its socket answers root and the user it runs as.");
    if (reply->status == 401)
        return err_set_hint(e, c->token ? "The token is none of those the agent knows."
                                        : "It wants a token ('--token FILE'); its local socket, on "
                                          "the same machine, wants none.");
    return err_set_hint(e,
                        "Ask over its local socket on the same machine, or with a token that has "
                        "that right: '--token FILE'.");
}

RESULT diag_client_ask(struct diag_client *c, const struct diag_question *q, struct http_reply *ret)
{
    const struct ctx forever = {.clock = c->clock, .deadline = MONO_NEVER};
    const struct ctx ctx = ctx_until(&forever, q->limit);
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    TRY_CTX(exchange(c, q, &ctx, &reply), "ask the agent at '%s'", c->where.text);
    if (reply.status == 401 || reply.status == 403 || reply.status == 421)
        return refused(c, &reply);
    *ret = reply;
    reply = (struct http_reply){0};
    return NULL;
}

struct err *diag_client_unexpected(const struct diag_client *c, const struct http_reply *reply)
{
    CLEANUP(freep) char *why = reply_text(buf_bytes(&reply->body), "error");
    CLEANUP(freep) char *hint = reply_text(buf_bytes(&reply->body), "hint");
    struct err *e = why ? err_new(ERR_REJECTED, "the agent at '%s': %s", c->where.text, why)
                        : err_new(ERR_PROTOCOL, "the agent at '%s' answered with HTTP status %u",
                                  c->where.text, reply->status);
    return hint ? err_set_hint(e, "%s", hint) : e;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

RESULT diag_client_path(const char *prefix, const char *name, struct buf *out)
{
    TRY(buf_add_str(out, prefix));
    for (; *name; name++)
        TRY(is_unreserved(*name) ? buf_add_u8(out, (uint8_t)*name)
                                 : buf_printf(out, "%%%02X", (unsigned)(unsigned char)*name));
    return NULL;
}
