/* SPDX-License-Identifier: Apache-2.0 */
/* The token, and what vouches for the cluster while there is no identity yet. */
#include "agent/check_private.h"
#include "agent/kube_token.h"
#include "identity/pki/credentials.h"
#include "identity/pki/ossl.h"
#include "identity/pki/x509.h"
#include "transport/trust.h"

#include <string.h>
#include <sys/stat.h>

#define TOKEN "token"
#define TRUST "trust"

static const char *token_subject(const struct config_onboarding *o)
{
    return o->token_path ? o->token_path : "onboarding";
}

static void check_token_file(struct check *c, const struct check_point *at, const char *path)
{
    struct stat st;
    if (!path || stat(path, &st) != 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 077))
        return;
    check_warn(c, at, "Who has the token can become the bot: 'chmod 600'.",
               "others than its owner may use the file (mode %04o)", (unsigned)st.st_mode & 07777);
}

/* The stored identity does without, as in a start: a token is good once, and often taken away then. */
static void judge_missing(struct check *c, const struct check_point *at, struct err *e)
{
    CLEANUP(err_freep) struct err *owned = e;
    bool is_absent = err_code(e) == ERR_NOT_FOUND || err_code(e) == ERR_CONFIG;
    if (c->needs_token)
        check_err(c, at, CHECK_FAILED, TAKE(owned));
    else if (is_absent)
        check_ok(c, at, "there is none, and the stored identity does without");
    else
        check_err(c, at, CHECK_WARNING,
                  err_wrap(TAKE(owned), "the stored identity does without it, but"));
}

static struct err *compare(const struct check *c, const struct secret *token, bool *ret_same)
{
    char hash[SHA256_HEX_SIZE];
    TRY(sha256_hex(secret_bytes(token), hash));
    *ret_same = strcmp(hash, c->tokenhash) == 0;
    return NULL;
}

static void judge_token(struct check *c, const struct check_point *at, bool is_same)
{
    c->has_token = true;
    if (!c->has_identity)
        check_ok(c, at, "there is one");
    else if (!is_same)
        check_ok(c, at, "it is another than the stored identity came from: a start joins with it");
    else if (c->needs_token)
        check_warn(c, at, "Give the bot a new token, if joining with this one does not work.",
                   "it is the one the expired identity came from; a token is usually good once");
    else
        check_ok(c, at, "the one the stored identity came from: it is not needed any more");
    c->needs_token = c->needs_token || !is_same;
}

/* A stored identity serves until the first renewal, which needs it. */
static void check_service_account(struct check *c, const struct config_onboarding *o)
{
    const struct check_point at = {"proof", kube_token_path(o->kubernetes_token_path, c->getenv)};
    CLEANUP(secret_freep) struct secret *token = NULL;
    CLEANUP(buf_release) struct buf text = BUF_INIT(2048);
    struct wall now = clock_wall(c->clock);
    struct kube_token_claims claims;
    struct err *e = kube_token_read(at.subject, &token);
    if (!e)
        e = kube_token_claims(token, &claims);
    if (!e)
        e = kube_token_describe(&claims, now, &text);
    if (e)
        check_err(c, &at, CHECK_FAILED, e);
    else if (claims.expires.ns != WALL_NONE.ns && wall_before(claims.expires, now))
        check_warn(c, &at,
                   "The kubelet replaces a token in time: look whether this is the volume "
                   "itself and not a copy, and whether this clock is right.",
                   "the token is %s", buf_str(&text));
    else
        check_ok(c, &at, "the token is %s", buf_str(&text));
}

static void check_rejoin(struct check *c, const struct config_onboarding *o)
{
    const struct check_point at = {TOKEN, token_subject(o)};
    CLEANUP(secret_freep) struct secret *token = NULL;
    struct err *e = config_token(o, &token);
    c->needs_token = true;
    c->has_token = !e;
    if (e)
        check_err(c, &at, CHECK_FAILED, e);
    else
        check_ok(c, &at, "there is one; the join method '%s' uses it for each renewal",
                 o->join_method);
    check_service_account(c, o);
}

void check_token(struct check *c, const struct config *config)
{
    if (config_rejoins(&config->onboarding)) {
        check_rejoin(c, &config->onboarding);
        return;
    }
    const struct config_onboarding *o = &config->onboarding;
    const struct check_point at = {TOKEN, token_subject(o)};
    CLEANUP(secret_freep) struct secret *token = NULL;
    bool is_same = false;
    struct err *e = config_token(o, &token);
    if (e) {
        judge_missing(c, &at, e);
        return;
    }
    e = compare(c, token, &is_same);
    if (e) {
        check_err(c, &at, CHECK_FAILED, e);
        return;
    }
    judge_token(c, &at, is_same);
    check_token_file(c, &at, o->token_path);
}

/* --- trust --- */

/* During a rotation one of several may be past its end; with none left nothing can be verified. */
static struct err *check_times(struct stack_st_X509 *certs, struct wall now, int *ret_valid)
{
    struct err *last = NULL;
    *ret_valid = 0;
    for (int i = 0; i < sk_X509_num(certs); i++) {
        struct err *e = x509_check_time(sk_X509_value(certs, i), now);
        *ret_valid += e == NULL;
        if (e) {
            err_free(last);
            last = e;
        }
    }
    return last;
}

static void check_ca_file(struct check *c, const char *path)
{
    const struct check_point at = {TRUST, path};
    CLEANUP(trust_release) struct trust trust = {0};
    struct err *e = trust_load(NULL, path, &trust);
    if (e) {
        check_err(c, &at, CHECK_FAILED, e);
        return;
    }
    int valid = 0, all = sk_X509_num(trust.roots);
    e = check_times(trust.roots, clock_wall(c->clock), &valid);
    if (e)
        check_err(c, &at, valid > 0 ? CHECK_WARNING : CHECK_FAILED,
                  err_set_hint(e, "Put the cluster's present host CA there: 'tctl auth export "
                                  "--type=tls-host'."));
    if (valid > 0)
        check_ok(c, &at, "%d of %d certificates can be used", valid, all);
}

static void check_strangers(struct check *c, const struct config *config,
                            const struct check_point *at)
{
    if (config->insecure)
        check_warn(c, at, "Use 'ca_pins' or 'ca_path' instead of 'insecure'.",
                   "nobody: 'insecure' lets the first join trust whom it meets, and give them the "
                   "token");
    else if (config->proxy_server)
        check_ok(c, at, "the system's certificate authorities, for the proxy's web certificate");
    else
        check_warn(c, at, "Set 'ca_pins', which 'tctl status' shows on the cluster.",
                   "nobody: the first join trusts whom it meets, and gives them the token");
}

void check_trust(struct check *c, const struct config *config)
{
    const struct config_onboarding *o = &config->onboarding;
    const struct check_point at = {TRUST, "first contact"};
    if (o->ca_path && *o->ca_path)
        check_ca_file(c, o->ca_path);
    else if (!c->needs_token)
        check_ok(c, &at, "none needed: the stored identity has the cluster's authorities");
    else if (o->ca_pins.len > 0 && !config->proxy_server)
        check_ok(c, &at, "%zu pinned %s", o->ca_pins.len,
                 o->ca_pins.len == 1 ? "authority" : "authorities");
    else
        check_strangers(c, config, &at);
}
