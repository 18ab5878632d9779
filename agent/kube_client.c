/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kube_client.h"

#include "agent/kube_token.h"
#include "base/dir.h"
#include "base/text.h"
#include "transport/dial.h"
#include "transport/http.h"
#include "transport/trust.h"

#include <stdio.h>
#include <string.h>

#define SMALL_FILE_MAX 4096
#define HTTPS_PORT "443" /* where the environment names none */

struct kube_client {
    struct address address;
    char text[ADDRESS_TEXT_SIZE]; /* for messages, and the Host header */
    char *ca_path, *token_path, *namespace_path;
};

/* --- where it is --- */

static RESULT not_in_a_pod(const char *what)
{
    return err_set_hint(
        err_new(ERR_CONFIG, "the Kubernetes API server is not known: %s", what),
        "A 'kubernetes_secret' is written from inside of the cluster, by a pod: "
        "Kubernetes sets KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT there.");
}

static RESULT find_address(char *(*get)(const char *name), struct address *ret)
{
    const char *host = text_given(get("KUBERNETES_SERVICE_HOST"));
    const char *port = text_given(get("KUBERNETES_SERVICE_PORT"));
    int64_t number = 0;
    if (!host || strlen(host) >= sizeof(ret->host))
        return not_in_a_pod("KUBERNETES_SERVICE_HOST is not set");
    if (!text_number(port ? port : HTTPS_PORT, &number) || number < 1 || number > UINT16_MAX)
        return not_in_a_pod("KUBERNETES_SERVICE_PORT is no port");
    (void)snprintf(ret->host, sizeof(ret->host), "%s", host);
    ret->port = (uint16_t)number;
    return NULL;
}

RESULT kube_client_new(const char *dir, char *(*get)(const char *name), struct kube_client **ret)
{
    CLEANUP(kube_client_freep) struct kube_client *c = calloc(1, sizeof(*c));
    const char *place = text_given(dir) ? dir : KUBE_TOKEN_DIR;
    if (!c)
        return err_nomem();
    TRY(find_address(get, &c->address));
    address_format(&c->address, c->text);
    TRY(text_format(&c->ca_path, "%s/ca.crt", place));
    TRY(text_format(&c->token_path, "%s/token", place));
    TRY(text_format(&c->namespace_path, "%s/namespace", place));
    *ret = TAKE(c);
    return NULL;
}

void kube_client_free(struct kube_client *c)
{
    if (!c)
        return;
    free(c->ca_path);
    free(c->token_path);
    free(c->namespace_path);
    free(c);
}

/* --- which namespace --- */

/* A DNS label (RFC 1123): it becomes a part of a path. */
static bool is_label(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len < KUBE_NAMESPACE_SIZE &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static RESULT take_namespace(const char *text, const char *where, char ret[KUBE_NAMESPACE_SIZE])
{
    if (!is_label(text))
        return err_new(ERR_CONFIG, "%s: '%.80s' is no name of a namespace", where, text);
    memcpy(ret, text, strlen(text) + 1);
    return NULL;
}

RESULT kube_client_namespace(const struct kube_client *c, const char *given,
                             char *(*get)(const char *name), char ret[KUBE_NAMESPACE_SIZE])
{
    CLEANUP(secret_freep) struct secret *file = NULL; /* for its trimming */
    const char *pod = text_given(get("POD_NAMESPACE"));
    if (text_given(given))
        return take_namespace(given, "'namespace'", ret);
    if (pod)
        return take_namespace(pod, "POD_NAMESPACE", ret);
    struct err *e = file_read_secret(c->namespace_path, SMALL_FILE_MAX, &file);
    if (e)
        return err_set_hint(err_wrap_as(ERR_CONFIG, e, "the secret's namespace is not known"),
                            "Set 'namespace', or the variable POD_NAMESPACE.");
    secret_trim(file);
    return take_namespace(secret_str(file), c->namespace_path, ret);
}

/* --- asking --- */

static RESULT dial(const struct kube_client *c, const struct ctx *ctx, struct tls **ret)
{
    static const char *const alpn[] = {"http/1.1", NULL};
    CLEANUP(trust_release) struct trust trust = {0};
    struct err *e = trust_load(NULL, c->ca_path, &trust);
    if (e)
        return err_wrap_as(ERR_STORAGE, e, "the CA of Kubernetes");
    const struct tls_client_config config = {
        .sni = address_is_ip(&c->address) ? NULL : c->address.host,
        .alpn = alpn,
        .verify = TLS_VERIFY_ROOTS,
        .verify_name = c->address.host,
        .roots = trust.roots,
    };
    return dial_tls(&c->address, &config, ctx, ret);
}

static RESULT ask_once(const struct kube_client *c, const struct kube_question *q,
                       const struct secret *token, const struct ctx *ctx, struct http_reply *ret)
{
    CLEANUP(tls_freep) struct tls *tls = NULL;
    TRY(dial(c, ctx, &tls));
    const struct http_stream stream = http_tls_stream(tls);
    const struct http_request request = {
        .method = q->method,
        .path = q->path,
        .host = c->text,
        .content_type = q->content_type,
        .body = q->body,
        .accept = q->accept,
        .bearer = token,
        .is_secret_wanted = true,
    };
    return http_exchange(&stream, &request, q->reply_max, ctx, ret);
}

/* What dialling advises is about Teleport. */
static struct err *advise(const struct kube_client *c, struct err *e)
{
    enum err_code code = err_code(e);
    if (code == ERR_UNTRUSTED)
        return err_set_hint(e,
                            "The API server's certificate must lead to '%s': look whether the "
                            "volume with the service account is mounted whole.",
                            c->ca_path);
    if (code != ERR_UNAVAILABLE && code != ERR_TIMEOUT)
        return e;
    return err_set_hint(e,
                        "Look whether the API server at %s runs, and whether a NetworkPolicy keeps "
                        "this pod from it.",
                        c->text);
}

static RESULT fail(const struct kube_reply *r, const struct kube_question *q,
                   const struct secret *token, const struct ctx *ctx)
{
    struct kube_token_claims claims;
    CLEANUP(buf_release) struct buf text = BUF_INIT(KUBE_TOKEN_DESCRIPTION_MAX);
    struct kube_asked asked = q->asked;
    struct err *e = kube_token_claims(token, &claims);
    if (!e)
        e = kube_token_describe(&claims, clock_wall(ctx->clock), &text);
    err_ignore(e, "what is not a token we can read is refused all the same");
    asked.token = buf_str(&text);
    return kube_reply_error(r, &asked);
}

/* One try. *ret_wait: how long to wait for the next; negative: this was the last, and *ret is set. */
static RESULT try_once(const struct kube_client *c, const struct kube_question *q, unsigned tries,
                       const struct ctx *ctx, struct secret **ret, struct dur *ret_wait)
{
    CLEANUP(secret_freep) struct secret *token = NULL;
    CLEANUP(http_reply_release) struct http_reply reply = {0};
    struct kube_reply answer;
    TRY(kube_token_read(c->token_path, &token));
    struct err *e = ctx_check(ctx); /* too late: nobody is dialled for nothing */
    if (!e)
        e = ask_once(c, q, token, ctx, &reply);
    if (e)
        return advise(c, err_wrap(e, "asking the Kubernetes API server"));
    *ret_wait = (struct dur){-1};
    if (kube_reply_is_success(reply.status)) {
        *ret = TAKE(reply.secret);
        return NULL;
    }
    kube_reply_read(reply.status, secret_bytes(reply.secret), reply.retry_after, &answer);
    if (!kube_reply_may_repeat(&answer, tries, ret_wait))
        return fail(&answer, q, token, ctx);
    struct dur left = mono_diff(ctx->deadline, clock_mono(ctx->clock));
    return left.ns < ret_wait->ns ? fail(&answer, q, token, ctx) : NULL;
}

RESULT kube_client_ask(const struct kube_client *c, const struct kube_question *q,
                       const struct ctx *ctx, struct secret **ret)
{
    struct dur wait = {0};
    for (unsigned tries = 1; wait.ns >= 0; tries++) {
        if (wait.ns > 0)
            TRY(ctx_sleep(ctx, wait));
        TRY(try_once(c, q, tries, ctx, ret, &wait));
    }
    return NULL;
}
