/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/tokens.h"

#include "base/encode.h"

#include <stdio.h>
#include <string.h>

#define RANDOM_BYTES 16

void tokens_release(struct tokens *t)
{
    for (size_t i = 0; i < t->len; i++) {
        secret_free(t->items[i].value);
        free(t->items[i].bot);
    }
    free(t->items);
    strlist_release(&t->used);
    *t = (struct tokens){0};
}

/* The index, or `len`. Every one is looked at, so that the time says nothing of the values. */
static size_t find(const struct tokens *t, const char *value)
{
    size_t found = t->len;
    for (size_t i = 0; i < t->len; i++) {
        if (secret_equals(t->items[i].value, bytes_of_str(value)))
            found = i;
    }
    return found;
}

RESULT tokens_was_used(const struct tokens *t, const char *value, bool *ret)
{
    char hash[SHA256_HEX_SIZE];
    TRY(sha256_hex(bytes_of_str(value), hash));
    *ret = strlist_has(&t->used, hash);
    return NULL;
}

static RESULT append(struct tokens *t, const char *value, const char *bot)
{
    struct token *grown = reallocarray(t->items, t->len + 1, sizeof(*grown));
    if (!grown)
        return err_nomem();
    t->items = grown;
    CLEANUP(freep) char *name = strdup(bot);
    if (!name)
        return err_nomem();
    struct token *added = &t->items[t->len];
    TRY(secret_new(value, strlen(value), &added->value));
    added->bot = TAKE(name);
    t->len++;
    return NULL;
}

RESULT tokens_add(struct tokens *t, const char *value, const char *bot)
{
    if (!*value || strlen(value) > TOKENS_MAX_LEN)
        return err_new(ERR_REJECTED, "a token has 1 to %d characters", TOKENS_MAX_LEN);
    if (t->len >= TOKENS_MAX || t->used.len >= TOKENS_MAX_USED)
        return err_new(ERR_REJECTED, "there were too many tokens: begin with a new state");
    bool is_used = false;
    TRY(tokens_was_used(t, value, &is_used));
    if (is_used || find(t, value) < t->len)
        return err_new(ERR_REJECTED, "this token for bot '%s' %s", bot,
                       is_used ? "was used before" : "exists already");
    return append(t, value, bot);
}

RESULT tokens_random(const struct entropy *entropy, struct secret **ret)
{
    uint8_t raw[RANDOM_BYTES];
    char text[2 * RANDOM_BYTES + 1];
    entropy_fill(entropy, raw, sizeof(raw));
    for (size_t i = 0; i < sizeof(raw); i++)
        snprintf(&text[2 * i], 3, "%02x", raw[i]);
    struct err *e = secret_new(text, sizeof(text) - 1, ret);
    secret_wipe(raw, sizeof(raw));
    secret_wipe(text, sizeof(text));
    return e;
}

RESULT tokens_find(const struct tokens *t, const char *value, const char **ret_bot)
{
    size_t at = find(t, value);
    if (at == t->len)
        return err_new(ERR_DENIED, "the token is expired or not found");
    *ret_bot = t->items[at].bot;
    return NULL;
}

const struct secret *tokens_of_bot(const struct tokens *t, const char *bot)
{
    for (size_t i = 0; i < t->len; i++) {
        if (strcmp(t->items[i].bot, bot) == 0)
            return t->items[i].value;
    }
    return NULL;
}

RESULT tokens_use(struct tokens *t, const char *value)
{
    size_t at = find(t, value);
    if (at == t->len)
        return err_new(ERR_DENIED, "the token is expired or not found");
    char hash[SHA256_HEX_SIZE];
    TRY(sha256_hex(bytes_of_str(value), hash));
    TRY(strlist_add(&t->used, hash));
    secret_free(t->items[at].value);
    free(t->items[at].bot);
    t->items[at] = t->items[--t->len];
    return NULL;
}
