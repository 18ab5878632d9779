/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/http_internal.h"

#include "diag/core/log.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/*
 * What the library gives a connection for its bookkeeping, the request's headers and those of the
 * answer. It reads in steps that grow; the rest beside the request's 8 KiB was found by trying.
 */
#define CONNECTION_MEMORY (DIAG_HTTP_HEADERS_MAX + 3072)

static struct place *place_of(struct MHD_Connection *conn)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void on_connection(void *arg, struct MHD_Connection *conn, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    (void)conn;
    struct diag_http *h = arg;
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        *context = TAKE(h->added);
    else if (*context)
        h->c.closed(h->c.arg, *context);
}

static void on_completed(void *arg, struct MHD_Connection *conn, void **request,
                         enum MHD_RequestTerminationCode why)
{
    (void)why, (void)conn;
    struct diag_http *h = arg;
    struct exchange *x = TAKE(*request);
    if (!x)
        return;
    if (x->is_held)
        diag_http_hold_end(x);
    h->c.answered(h->c.arg, x->at);
    buf_release(&x->body);
    free(x);
}

static void add_headers(const struct diag_http *h, struct MHD_Response *response,
                        const struct diag_answer *a)
{
    MHD_add_response_header(response, "Content-Type", a->content_type);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Vary", "Accept, Accept-Encoding");
    if (a->encoding)
        MHD_add_response_header(response, "Content-Encoding", a->encoding);
    if (a->shows_version)
        MHD_add_response_header(response, "Server", h->c.server);
    if (a->allow)
        MHD_add_response_header(response, "Allow", a->allow);
    if (a->asks_for_token)
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
}

/* The body's memory goes to the library, which frees it. */
static enum MHD_Result send_answer(const struct diag_http *h, struct MHD_Connection *conn,
                                   struct diag_answer *a)
{
    size_t len = a->body.len;
    char *body = buf_take_str(&a->body);
    if (!body)
        return MHD_NO;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(body);
        return MHD_NO;
    }
    add_headers(h, response, a);
    enum MHD_Result is_queued = MHD_queue_response(conn, a->code, response);
    MHD_destroy_response(response);
    return is_queued;
}

static const char *query(struct MHD_Connection *conn, const char *name)
{
    return MHD_lookup_connection_value(conn, MHD_GET_ARGUMENT_KIND, name);
}

static const char *header(struct MHD_Connection *conn, const char *name)
{
    return MHD_lookup_connection_value(conn, MHD_HEADER_KIND, name);
}

static struct diag_request request_of(const struct exchange *x, const char *method,
                                      const char *path)
{
    return (struct diag_request){
        .method = method,
        .path = path,
        .format = query(x->conn, "format"),
        .what = query(x->conn, "for"),
        .timeout = query(x->conn, "timeout"),
        .seconds = query(x->conn, "seconds"),
        .accept = header(x->conn, "Accept"),
        .accept_encoding = header(x->conn, "Accept-Encoding"),
        .body = buf_bytes(&x->body),
        .since = x->since,
        .authorization = header(x->conn, "Authorization"),
        .asker = {.host = header(x->conn, "Host")},
    };
}

static enum MHD_Result hold(struct exchange *x)
{
    struct err *e = diag_http_hold(x);
    if (e)
        log_err(x->http->c.log, LOG_WARN, "diag", "a client cannot wait", e);
    bool is_held = e == NULL;
    err_free(e);
    return is_held ? MHD_YES : MHD_NO;
}

/* Also called again for one that was held. */
static enum MHD_Result make_answer(struct exchange *x, const char *method, const char *path)
{
    const struct diag_http *h = x->http;
    if (x->is_over)
        return MHD_NO;
    if (x->since.ns == 0)
        x->since = loop_now(h->c.loop).mono;
    struct diag_answer a = DIAG_ANSWER_INIT;
    struct diag_request r = request_of(x, method, path);
    enum MHD_Result is_taken = MHD_NO;
    if (h->c.answer(h->c.arg, x->at, &r, &a))
        is_taken = a.is_held ? hold(x) : send_answer(h, x->conn, &a);
    diag_answer_release(&a);
    return is_taken;
}

/* Said before any of it is read, so that nobody sends it. */
static enum MHD_Result refuse_body(const struct diag_http *h, struct MHD_Connection *conn)
{
    struct diag_answer a = DIAG_ANSWER_INIT;
    CLEANUP(err_freep) struct err *e = diag_answer_error(413, "the body is too large", &a);
    enum MHD_Result is_queued = e ? MHD_NO : send_answer(h, conn, &a);
    diag_answer_release(&a);
    return is_queued;
}

static bool announces_too_much(struct MHD_Connection *conn)
{
    const char *length = MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "Content-Length");
    return length && strtoull(length, NULL, 10) > DIAG_HTTP_BODY_MAX;
}

static enum MHD_Result begin(struct diag_http *h, struct MHD_Connection *conn, void **request)
{
    struct place *at = place_of(conn);
    struct exchange *x = at ? calloc(1, sizeof(*x)) : NULL;
    if (!x)
        return MHD_NO;
    *x = (struct exchange){.http = h, .conn = conn, .at = at, .body = BUF_INIT(DIAG_HTTP_BODY_MAX)};
    *request = x;
    return announces_too_much(conn) ? refuse_body(h, conn) : MHD_YES;
}

/* Called when the headers are there, then with each piece of a body, then with none: answer. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *conn, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *len, void **request)
{
    (void)version;
    struct exchange *x = *request;
    if (!x)
        return begin(arg, conn, request);
    if (*len == 0)
        return make_answer(x, method, path);
    CLEANUP(err_freep) struct err *e = buf_add(&x->body, data, *len);
    *len = 0;
    return e ? MHD_NO : MHD_YES;
}

/* It may have work that no descriptor will tell of: then it runs again in the next turn. */
static void run(void *arg)
{
    struct diag_http *h = arg;
    MHD_UNSIGNED_LONG_LONG ms = 0;
    MHD_run(h->daemon);
    struct mono at = MHD_get_timeout(h->daemon, &ms) == MHD_YES
                         ? mono_add(loop_now(h->c.loop).mono, dur_ms((int64_t)ms))
                         : MONO_NEVER;
    struct err *e = loop_timer_set(h->c.loop, &h->again, at);
    if (e)
        log_err(h->c.log, LOG_WARN, "diag", "answers may be late", e);
    err_free(e);
}

static void on_events(void *arg, uint32_t events)
{
    (void)events;
    run(arg);
}

/* It takes every socket for one of TCP's, and complains of each answer that goes to a Unix one. */
static bool is_noise(const char *text)
{
    return strstr(text, "option to O") || strstr(text, "push the data from buffers");
}

/* What it has to say is about clients that break off; said at debug level. */
static void on_message(void *arg, const char *format, va_list args)
{
    const struct diag_http *h = arg;
    char text[256];
    vsnprintf(text, sizeof(text), format, args);
    text[strcspn(text, "\n")] = '\0';
    if (!is_noise(text))
        log_debug(h->c.log, "diag", "http", LOG_STR("text", text));
}

static struct err *start_daemon(struct diag_http *h)
{
    h->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME, 0,
        NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_message, (void *)h,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, (void *)h, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, (void *)h, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_LIMIT,
        2U * PLACES_MAX, /* ours counts; this only must not be in the way of an eviction */
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!h->daemon)
        return err_new(ERR_UNAVAILABLE, "starting the diagnostics server: libmicrohttpd refuses");
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info)
        return err_new(ERR_BUG, "starting the diagnostics server: no epoll descriptor");
    h->io = (struct loop_io){.fd = info->epoll_fd, .fn = on_events, .arg = h};
    return NULL;
}

RESULT diag_http_new(const struct diag_http_config *c, struct diag_http **ret)
{
    CLEANUP(diag_http_freep) struct diag_http *h = calloc(1, sizeof(*h));
    if (!h)
        return err_nomem();
    h->c = *c;
    h->io.fd = -1;
    h->again = (struct loop_timer){.fn = run, .arg = h};
    TRY(start_daemon(h));
    TRY(loop_io_add(c->loop, &h->io, EPOLLIN));
    *ret = TAKE(h);
    return NULL;
}

void diag_http_free(struct diag_http *h)
{
    if (!h)
        return;
    loop_timer_clear(h->c.loop, &h->again);
    if (h->io.fd >= 0)
        loop_io_remove(h->c.loop, &h->io);
    while (h->first)
        diag_http_hold_cancel(h, h->first->at);
    if (h->daemon)
        MHD_stop_daemon(h->daemon);
    free(h);
}

void diag_http_run(struct diag_http *h)
{
    run(h);
}

void diag_http_add(struct diag_http *h, struct place *at)
{
    /* The library wants an address to report; nothing here asks it for one. */
    struct sockaddr_storage peer = {.ss_family = AF_INET};
    h->added = at;
    (void)MHD_add_connection(h->daemon, at->fd, (struct sockaddr *)&peer,
                             sizeof(struct sockaddr_in));
    if (TAKE(h->added))
        h->c.closed(h->c.arg, at);
    run(h);
}

void diag_http_ask_again(struct diag_http *h)
{
    while (h->first)
        diag_http_hold_end(h->first);
    run(h);
}

void diag_http_end(struct diag_http *h, struct place *at)
{
    diag_http_hold_cancel(h, at);
    shutdown(at->fd, SHUT_RDWR);
    run(h);
}
