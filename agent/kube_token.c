/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kube_token.h"

#include "base/dir.h"
#include "base/encode.h"
#include "base/text.h"
#include "transport/json_read.h"

#include <string.h>

#define TOKEN_MAX (64 * 1024)
#define LATEST 253402300800.0 /* the year 10000 */
#define WHAT "the service account's token"

const char *kube_token_path(const char *configured, char *(*get)(const char *name))
{
    const char *given = text_given(configured);
    if (!given)
        given = text_given(get("KUBERNETES_TOKEN_PATH"));
    return given ? given : KUBE_TOKEN_DIR "/token";
}

/* Three parts of base64url, which is also what a header of HTTP can carry. */
static bool is_jwt(struct bytes text)
{
    size_t dots = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool is_digit = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '_';
        dots += c == '.';
        if (!is_digit && c != '.')
            return false;
    }
    return dots == 2;
}

static RESULT no_token(struct err *e)
{
    return err_set_hint(
        e,
        "In a pod the kubelet puts it there: look whether 'automountServiceAccountToken' is off, "
        "or whether the volume with the projected token is mounted where 'token_path' or "
        "KUBERNETES_TOKEN_PATH says.");
}

RESULT kube_token_read(const char *path, struct secret **ret)
{
    CLEANUP(secret_freep) struct secret *token = NULL;
    struct err *e = file_read_secret(path, TOKEN_MAX, &token);
    if (e)
        return no_token(err_wrap_as(ERR_STORAGE, e, "reading " WHAT));
    secret_trim(token);
    if (secret_bytes(token).len == 0)
        return no_token(err_new(ERR_STORAGE, WHAT " in '%s' is empty", path));
    if (!is_jwt(secret_bytes(token)))
        return no_token(err_new(ERR_STORAGE, "what is in '%s' is no JWT", path));
    *ret = TAKE(token);
    return NULL;
}

/* --- what it says of itself --- */

static RESULT read_payload(const struct secret *token, json_t **ret)
{
    CLEANUP(buf_release) struct buf json = BUF_INIT(TOKEN_MAX);
    const char *from = strchr(secret_str(token), '.');
    const char *to = from ? strchr(from + 1, '.') : NULL;
    if (!to)
        return err_new(ERR_PROTOCOL, "it is no JWT");
    struct bytes payload = {(const uint8_t *)from + 1, (size_t)(to - from) - 1};
    TRY(base64url_decode(payload, &json));
    return json_read("its claims", buf_bytes(&json), JSON_OBJECT, ret);
}

/* One text, or a list of them (RFC 7519 section 4.1.3); what does not fit is left out. */
static RESULT read_audience(const json_t *claims, struct kube_token_claims *ret)
{
    const json_t *aud = json_object_get(claims, "aud");
    CLEANUP(buf_release) struct buf all = BUF_INIT(sizeof(ret->audience) - 1);
    if (!json_is_array(aud))
        return json_read_text("its claims", claims, "aud", sizeof(ret->audience), ret->audience);
    for (size_t i = 0; i < json_array_size(aud); i++) {
        const char *one = json_string_value(json_array_get(aud, i));
        struct err *e = one ? buf_printf(&all, "%s%s", all.len > 0 ? ", " : "", one) : NULL;
        err_ignore(e, "the rest of a long list helps nobody");
    }
    memcpy(ret->audience, buf_str(&all), all.len + 1);
    return NULL;
}

static RESULT read_claims(const struct secret *token, struct kube_token_claims *ret)
{
    CLEANUP(json_decrefp) json_t *claims = NULL;
    TRY(read_payload(token, &claims));
    TRY(json_read_text("its claims", claims, "sub", sizeof(ret->subject), ret->subject));
    TRY(read_audience(claims, ret));
    double exp = json_number_value(json_object_get(claims, "exp"));
    bool is_time = exp > 0 && exp < LATEST;
    ret->expires = is_time ? wall_of_unix((int64_t)exp) : WALL_NONE;
    return NULL;
}

RESULT kube_token_claims(const struct secret *token, struct kube_token_claims *ret)
{
    struct kube_token_claims claims = {0};
    struct err *e = read_claims(token, &claims);
    if (e)
        return err_wrap_as(ERR_STORAGE, e, WHAT);
    *ret = claims;
    return NULL;
}

static bool has_expired(const struct kube_token_claims *claims, struct wall now)
{
    return claims->expires.ns != WALL_NONE.ns && wall_before(claims->expires, now);
}

RESULT kube_token_describe(const struct kube_token_claims *claims, struct wall now, struct buf *out)
{
    char expires[RFC3339_SIZE];
    TRY(buf_printf(out, "of '%s', for '%s'", claims->subject, claims->audience));
    if (claims->expires.ns == WALL_NONE.ns)
        return NULL;
    return buf_printf(out, ", %s %s", has_expired(claims, now) ? "expired at" : "valid until",
                      wall_format(claims->expires, false, expires));
}

/* --- why it was refused --- */

static bool is_for(const struct kube_token_claims *claims, const char *cluster)
{
    return !*cluster || strstr(claims->audience, cluster) != NULL;
}

static struct err *advise(const struct kube_token_refusal *r,
                          const struct kube_token_claims *claims, struct err *e)
{
    if (has_expired(claims, r->now))
        return err_set_hint(e,
                            "The kubelet replaces a token in time: look whether '%s' is the volume "
                            "itself (a 'subPath' or a copy is never replaced), whether the node "
                            "reaches its API server, and whether this clock is right.",
                            r->path);
    if (!is_for(claims, r->cluster))
        return err_set_hint(e,
                            "If the cluster's token is of type 'static_jwks' or 'oidc', the "
                            "projected volume must say 'audience: %s'. If it is 'in_cluster', look "
                            "at its 'allow' rules, which must name this service account.",
                            r->cluster);
    return err_set_hint(e,
                        "Look in the cluster ('tctl get tokens') at the token that 'token' under "
                        "'onboarding' names: it must be there, and its 'allow' rules must name "
                        "this service account as NAMESPACE:NAME. With 'static_jwks' its keys must "
                        "be those this Kubernetes signs with today, and the JWT may be good for "
                        "30 minutes at most ('expirationSeconds: 1800').");
}

/* With one of these the cluster speaks of the token, or of what it stands for. */
static bool is_refusal(enum err_code code)
{
    return code == ERR_DENIED || code == ERR_REJECTED || code == ERR_EXPIRED ||
           code == ERR_NOT_FOUND;
}

static bool is_suspect(const struct kube_token_refusal *r, const struct kube_token_claims *claims)
{
    return r->was_shown && (has_expired(claims, r->now) || !is_for(claims, r->cluster));
}

struct err *kube_token_explain(const struct kube_token_refusal *refusal, const struct secret *token,
                               struct err *e)
{
    struct kube_token_claims claims;
    CLEANUP(buf_release) struct buf text = BUF_INIT(KUBE_TOKEN_DESCRIPTION_MAX);
    if (!e || err_hint(e))
        return e;
    struct err *unread = kube_token_claims(token, &claims);
    if (!unread)
        unread = kube_token_describe(&claims, refusal->now, &text);
    if (unread) {
        err_ignore(unread, "the refusal is what counts");
        return e;
    }
    if (!is_refusal(err_code(e)) && !is_suspect(refusal, &claims))
        return e;
    e = err_wrap(e, "with " WHAT " in '%s' (%s)", refusal->path, buf_str(&text));
    return advise(refusal, &claims, e);
}
