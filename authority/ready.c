/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/ready.h"

#include "authority/place.h"
#include "authority/say.h"

#include <stdio.h>
#include <string.h>

#define MAX_TEXT ((size_t)1 << 20)

/* "LEFT=RIGHT"; without '=' the right side is `otherwise`. Caller frees *ret_left. */
static RESULT split(const char *text, const char *otherwise, char **ret_left,
                    const char **ret_right)
{
    const char *equals = strrchr(text, '=');
    *ret_right = equals ? equals + 1 : otherwise;
    *ret_left = equals ? strndup(text, (size_t)(equals - text)) : strdup(text);
    return *ret_left ? NULL : err_nomem();
}

static RESULT add_bot(struct authority *a, const char *text)
{
    CLEANUP(freep) char *name = NULL;
    CLEANUP(strlist_release) struct strlist roles = {0};
    const char *right = NULL;
    TRY(split(text, "access", &name, &right));
    TRY(strlist_split(&roles, right, ','));
    return authority_add_bot(a, name, &roles);
}

/* A token of an earlier start that was used stays used. */
static RESULT add_token(struct authority *a, const char *text)
{
    CLEANUP(freep) char *value = NULL;
    const char *bot = NULL;
    bool is_used = false;
    TRY(split(text, NULL, &value, &bot));
    if (!bot)
        return err_new(ERR_USAGE, "--token: VALUE=BOT is expected");
    TRY(authority_token_was_used(a, value, &is_used));
    struct err *e = is_used ? NULL : authority_check_token(a, value);
    bool is_new = err_code(e) == ERR_DENIED;
    err_ignore(e, "unknown so far, and to be added");
    if (is_used)
        say("the token for bot '%s' was used before and stays so", bot);
    return is_new ? authority_add_token(a, value, bot, NULL) : NULL;
}

static RESULT fill_in_kube(const struct options *o, struct kube *kube)
{
    TRY(kube_load_keys(kube, o->kube_jwks_path));
    for (size_t i = 0; i < o->kube_tokens.len; i++)
        TRY_CTX(kube_add_rule(kube, o->kube_tokens.items[i]), "--kube-token");
    return NULL;
}

/* After the bots that it names. */
static RESULT set_kube(const struct ready *r)
{
    CLEANUP(kube_release) struct kube kube = {.n_rules = 0};
    if (!r->options->kube_jwks_path)
        return NULL;
    TRY(fill_in_kube(r->options, &kube));
    return authority_set_kube(r->authority, &kube);
}

static RESULT put(struct buf *out, bool is_line, const char *name, const char *value)
{
    return buf_printf(out, is_line ? " %s=%s" : "%s=%s\n", name, value);
}

static RESULT put_token(const struct ready *r, const char *bot, bool is_first, bool is_line,
                        struct secret *out)
{
    CLEANUP(secret_freep) struct secret *token = NULL;
    char name[256];
    TRY(authority_any_token(r->authority, bot, &token));
    snprintf(name, sizeof(name), "token.%s", bot);
    const char *const names[] = {"token", name};
    for (size_t i = is_first ? 0 : 1; i < (is_line ? 1 : 2); i++) {
        TRY(secret_append(out, is_line ? " " : "", is_line ? 1 : 0));
        TRY(secret_append(out, names[i], strlen(names[i])));
        TRY(secret_append(out, "=", 1));
        TRY(secret_append(out, secret_str(token), secret_bytes(token).len));
        TRY(secret_append(out, is_line ? "" : "\n", is_line ? 0 : 1));
    }
    return NULL;
}

static RESULT put_all(const struct ready *r, bool is_line, struct secret *out)
{
    CLEANUP(buf_release) struct buf pin = BUF_INIT(256);
    CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_TEXT);
    TRY(authority_pin(r->authority, &pin));
    TRY(buf_add_str(&text, is_line ? "ready" : ""));
    TRY(put(&text, is_line, "auth", r->auth_addr));
    if (*r->web_addr)
        TRY(put(&text, is_line, "web", r->web_addr));
    TRY(put(&text, is_line, "cluster", authority_cluster(r->authority)));
    TRY(put(&text, is_line, "pin", buf_str(&pin)));
    TRY(secret_append(out, text.data, text.len));
    const struct strlist *bots = &r->options->bots;
    for (size_t i = 0; i < bots->len; i++) {
        CLEANUP(freep) char *name = NULL;
        const char *roles = NULL;
        TRY(split(bots->items[i], NULL, &name, &roles));
        TRY(put_token(r, name, i == 0, is_line, out));
    }
    return is_line ? secret_append(out, "\n", 1) : NULL;
}

static RESULT write_web_ca(const struct ready *r)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(MAX_TEXT);
    TRY(authority_web_ca(r->authority, &pem));
    return place_write(r->options->web_ca_path, buf_bytes(&pem));
}

RESULT ready_announce(const struct ready *r)
{
    const struct options *o = r->options;
    CLEANUP(secret_freep) struct secret *text = NULL;
    for (size_t i = 0; i < o->bots.len; i++)
        TRY(add_bot(r->authority, o->bots.items[i]));
    for (size_t i = 0; i < o->tokens.len; i++)
        TRY(add_token(r->authority, o->tokens.items[i]));
    TRY(set_kube(r));
    if (o->web_ca_path)
        TRY(write_web_ca(r));
    TRY(secret_with_room(MAX_TEXT, &text));
    TRY(put_all(r, !o->ready_path, text));
    say("this is a development authority, not a Teleport cluster; it imitates version %s",
        authority_server_version(r->authority));
    if (o->ready_path)
        return place_write(o->ready_path, secret_bytes(text));
    ssize_t done = write(STDOUT_FILENO, secret_str(text), secret_bytes(text).len);
    (void)done; /* nobody may be reading */
    return NULL;
}
