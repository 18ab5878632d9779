/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/http.h"

#include "base/text.h"
#include "transport/http_date.h"

#include <http_parser.h>
#include <string.h>
#include <strings.h>

/*
 * Chunks of one byte each are legal and cost five more on the wire. More framing than that has no
 * purpose but to keep us reading.
 */
#define WIRE_MAX(body_max) ((size_t)2 * HTTP_HEAD_MAX + (size_t)8 * (body_max))

/* Nobody waits for longer because a server says so. */
#define RETRY_AFTER_MAX_S 86400

/* A header's name or value, which may arrive in pieces; only the first bytes are of interest. */
struct word {
    char text[48];
    size_t len;
};

/* What the parser's callbacks fill in. */
struct reader {
    struct http_reply reply;
    struct err *err;
    struct word name, value;
    bool is_in_value; /* of the header being collected */
    size_t wire;
    bool is_in_body; /* the final reply's head has been read */
    bool is_done;
};

static void reader_release(struct reader *r)
{
    http_reply_release(&r->reply);
    err_free(TAKE(r->err));
}

void http_reply_release(struct http_reply *r)
{
    buf_release(&r->body);
    secret_free(TAKE(r->secret));
}

static void word_add(struct word *w, const char *at, size_t len)
{
    size_t room = sizeof(w->text) - 1 - w->len;
    size_t n = len < room ? len : room;
    memcpy(w->text + w->len, at, n);
    w->len += n;
    w->text[w->len] = '\0';
}

/* RFC 9110 section 10.2.3; its other form, a date, is for caches and people. */
static struct dur parse_retry_after(const char *value)
{
    int64_t s = 0;
    return text_number(value, &s) && s <= RETRY_AFTER_MAX_S ? dur_s(s) : (struct dur){0};
}

static void finish_header(struct reader *r)
{
    if (!r->is_in_body && strcasecmp(r->name.text, "Date") == 0)
        r->reply.date = http_date_parse(r->value.text);
    if (!r->is_in_body && strcasecmp(r->name.text, "Retry-After") == 0)
        r->reply.retry_after = parse_retry_after(r->value.text);
    r->name = r->value = (struct word){0};
    r->is_in_value = false;
}

/* What callbacks tell the parser. After STOP, r->err says why. */
#define STOP (-1)
#define SKIP_BODY 1

static int stop(struct reader *r, struct err *e)
{
    r->err = e;
    return STOP;
}

static int on_field(http_parser *p, const char *at, size_t len)
{
    struct reader *r = p->data;
    if (r->is_in_value)
        finish_header(r);
    word_add(&r->name, at, len);
    return 0;
}

static int on_value(http_parser *p, const char *at, size_t len)
{
    struct reader *r = p->data;
    r->is_in_value = true;
    word_add(&r->value, at, len);
    return 0;
}

static bool is_interim(const http_parser *p)
{
    return p->status_code < 200;
}

static int on_head(http_parser *p)
{
    struct reader *r = p->data;
    finish_header(r);
    if (p->http_major != 1)
        return stop(r, err_new(ERR_PROTOCOL, "HTTP reply: version %u.%u is not spoken here",
                               (unsigned)p->http_major, (unsigned)p->http_minor));
    if (p->status_code < 100 || p->status_code == 101)
        return stop(r, err_new(ERR_PROTOCOL, "HTTP reply: status %u was not asked for",
                               (unsigned)p->status_code));
    if (is_interim(p))
        return SKIP_BODY; /* it has none, whatever it says of its length */
    r->is_in_body = true;
    r->reply.status = p->status_code;
    return 0;
}

static RESULT keep(struct http_reply *reply, const char *at, size_t len)
{
    return reply->secret ? secret_append(reply->secret, at, len) : buf_add(&reply->body, at, len);
}

static int on_body(http_parser *p, const char *at, size_t len)
{
    struct reader *r = p->data;
    size_t have = r->reply.secret ? secret_bytes(r->reply.secret).len : r->reply.body.len;
    if (len > r->reply.body.max - have)
        return stop(r, err_new(ERR_PROTOCOL, "HTTP reply: the body has more than %zu bytes",
                               r->reply.body.max));
    struct err *e = keep(&r->reply, at, len);
    return e ? stop(r, e) : 0;
}

static int on_complete(http_parser *p)
{
    struct reader *r = p->data;
    if (is_interim(p))
        return 0;
    r->is_done = true;
    http_parser_pause(p, 1); /* what follows is not ours */
    return 0;
}

static const http_parser_settings settings = {
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_head,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

static RESULT feed(http_parser *p, const char *data, size_t len)
{
    struct reader *r = p->data;
    r->wire += len;
    http_parser_execute(p, &settings, data, len);
    if (r->err)
        return TAKE(r->err);
    if (r->is_done || HTTP_PARSER_ERRNO(p) == HPE_OK)
        return NULL;
    return err_new(ERR_PROTOCOL, "HTTP reply: %s", http_errno_description(HTTP_PARSER_ERRNO(p)));
}

/* Where the body has no length of its own, the end of the stream is its end. */
static RESULT feed_end(http_parser *p)
{
    const struct reader *r = p->data;
    http_parser_execute(p, &settings, NULL, 0);
    if (r->is_done)
        return NULL;
    return err_new(ERR_UNAVAILABLE, "HTTP reply: connection closed after %zu bytes of it", r->wire);
}

/* How much may be read now: a head that is not whole yet ends at its limit, to the byte. */
static RESULT next_room(const struct reader *r, size_t block, size_t *ret)
{
    size_t max = r->is_in_body ? WIRE_MAX(r->reply.body.max) : HTTP_HEAD_MAX;
    if (r->wire >= max)
        return err_new(ERR_PROTOCOL, "HTTP reply: the %s has more than %zu bytes",
                       r->is_in_body ? "framing of the body" : "head", max);
    *ret = max - r->wire < block ? max - r->wire : block;
    return NULL;
}

static RESULT read_reply(const struct http_stream *s, const struct ctx *ctx, struct reader *r)
{
    http_parser parser;
    http_parser_init(&parser, HTTP_RESPONSE);
    parser.data = r;
    while (!r->is_done) {
        char block[4096];
        size_t room = 0;
        size_t n = 0;
        TRY(next_room(r, sizeof(block), &room));
        TRY_CTX(s->read(s->arg, block, room, ctx, &n), "HTTP reply");
        if (n == 0)
            return feed_end(&parser);
        struct err *e = feed(&parser, block, n);
        if (r->reply.secret)
            secret_wipe(block, n);
        TRY(e);
    }
    return NULL;
}

/* A line break in one of these would smuggle a header in. */
static RESULT check_bytes(const char *what, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return err_new(ERR_BUG, "HTTP request: the %s holds a space or control byte", what);
    return NULL;
}

static RESULT check_text(const char *what, const char *text)
{
    return check_bytes(what, bytes_of_str(text));
}

/* What the caller may leave out. */
static RESULT add_headers(const struct http_request *request, struct buf *head)
{
    const char *accept = request->accept ? request->accept : "application/json";
    TRY(check_text("accepted type", accept));
    TRY(buf_printf(head, "Accept: %s\r\nConnection: close\r\n", accept));
    if (!request->content_type)
        return NULL;
    TRY(check_text("content type", request->content_type));
    return buf_printf(head, "Content-Type: %s\r\nContent-Length: %zu\r\n", request->content_type,
                      request->body.len);
}

/*
 * The last header, from the secret's own memory: a copy of it in the head would outlive it.
 */
static RESULT send_bearer(const struct http_stream *s, const struct secret *bearer,
                          const struct ctx *ctx)
{
    static const char name[] = "Authorization: Bearer ";
    struct bytes token = secret_bytes(bearer);
    TRY(s->write(s->arg, name, sizeof(name) - 1, ctx));
    TRY(s->write(s->arg, token.data, token.len, ctx));
    return s->write(s->arg, "\r\n\r\n", 4, ctx);
}

static RESULT send_head(const struct http_stream *s, const struct http_request *request,
                        struct buf *head, const struct ctx *ctx)
{
    if (!request->bearer)
        TRY(buf_add_str(head, "\r\n"));
    TRY(s->write(s->arg, head->data, head->len, ctx));
    return request->bearer ? send_bearer(s, request->bearer, ctx) : NULL;
}

static RESULT send_request(const struct http_stream *s, const struct http_request *request,
                           const struct ctx *ctx)
{
    TRY(check_text("method", request->method));
    TRY(check_text("path", request->path));
    TRY(check_text("host", request->host));
    CLEANUP(buf_release) struct buf head = BUF_INIT(HTTP_HEAD_MAX);
    if (request->bearer)
        TRY(check_bytes("token", secret_bytes(request->bearer)));
    TRY(buf_printf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: tbot\r\n", request->method,
                   request->path, request->host));
    TRY(add_headers(request, &head));
    TRY_CTX(send_head(s, request, &head, ctx), "HTTP request");
    if (request->content_type && request->body.len > 0)
        TRY_CTX(s->write(s->arg, request->body.data, request->body.len, ctx), "HTTP request");
    return NULL;
}

RESULT http_exchange(const struct http_stream *s, const struct http_request *request,
                     size_t body_max, const struct ctx *ctx, struct http_reply *ret)
{
    CLEANUP(reader_release)
    struct reader r = {.reply = {.body = BUF_INIT(body_max), .date = WALL_NONE}};
    if (request->is_secret_wanted)
        TRY(secret_with_room(body_max, &r.reply.secret));
    TRY(send_request(s, request, ctx));
    TRY(read_reply(s, ctx, &r));
    *ret = r.reply;
    r.reply = (struct http_reply){0};
    return NULL;
}
