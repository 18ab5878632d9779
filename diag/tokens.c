/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/tokens.h"

#include <stdio.h>
#include <string.h>

#define TOKEN_MIN 16
#define TOKEN_MAX 512

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* Every character of `word` is one of `set`. */
static bool is_of(struct bytes word, const char *set)
{
    for (size_t i = 0; i < word.len; i++) {
        if (!word.data[i] || !strchr(set, word.data[i]))
            return false;
    }
    return true;
}

/* Cuts off what stands before the first of `ends`, and it too. */
static struct bytes cut(struct bytes *rest, const char *ends)
{
    size_t len = 0;
    while (len < rest->len && !(rest->data[len] && strchr(ends, rest->data[len])))
        len++;
    struct bytes piece = {rest->data, len};
    size_t taken = len < rest->len ? len + 1 : len;
    *rest = (struct bytes){rest->data + taken, rest->len - taken};
    return piece;
}

static struct bytes next_word(struct bytes *rest)
{
    struct bytes word = {0};
    while (rest->len > 0 && word.len == 0)
        word = cut(rest, " \t\r");
    return word;
}

static bool is_word(struct bytes word, const char *text)
{
    return word.len == strlen(text) && memcmp(word.data, text, word.len) == 0;
}

static const char *read_name(struct bytes word, struct diag_token *t)
{
    if (word.len > DIAG_TOKEN_NAME_MAX || !is_of(word, ALNUM "._-"))
        return "the name is not made of up to 64 letters, digits, '.', '_' and '-'";
    snprintf(t->name, sizeof(t->name), "%.*s", (int)word.len, (const char *)word.data);
    return NULL;
}

static const char *read_rights(struct bytes word, struct diag_token *t)
{
    while (word.len > 0) {
        struct bytes right = cut(&word, ",");
        if (is_word(right, "change"))
            t->may_change = true;
        else if (is_word(right, "debug"))
            t->may_debug = true;
        else if (!is_word(right, "read"))
            return "the rights are not a list of 'read', 'change' and 'debug'";
    }
    return NULL;
}

static const char *check_token(struct bytes word)
{
    struct bytes body = word;
    if (word.len < TOKEN_MIN || word.len > TOKEN_MAX)
        return "the token does not have 16 to 512 characters";
    while (body.len > 0 && body.data[body.len - 1] == '=')
        body.len--;
    if (body.len == 0 || !is_of(body, ALNUM "-._~+/"))
        return "the token has a character that cannot be in one";
    return NULL;
}

/* NULL, or what is wrong. */
static const char *read_line(struct bytes line, struct diag_token *t, struct bytes *ret_token)
{
    struct bytes name = next_word(&line);
    struct bytes rights = next_word(&line);
    struct bytes token = next_word(&line);
    if (token.len == 0 || next_word(&line).len > 0)
        return "it does not have three words: NAME RIGHTS TOKEN";
    const char *wrong = read_name(name, t);
    if (!wrong)
        wrong = read_rights(rights, t);
    if (!wrong)
        wrong = check_token(token);
    *ret_token = token;
    return wrong;
}

static const char *check_unique(const struct diag_tokens *t, const struct diag_token *other)
{
    for (size_t i = 0; i < t->n; i++) {
        if (strcmp(t->at[i].name, other->name) == 0)
            return "the name stands on an earlier line too";
        if (strcmp(t->at[i].digest, other->digest) == 0)
            return "the token stands on an earlier line too";
    }
    return t->n < DIAG_TOKENS_MAX ? NULL : "there are more than 64 tokens";
}

static struct err *refuse(unsigned number, const char *wrong)
{
    return err_set_hint(err_new(ERR_CONFIG, "line %u: %s", number, wrong),
                        "A line is NAME RIGHTS TOKEN, e.g. 'prometheus read' and what "
                        "'openssl rand -hex 32' prints.");
}

static RESULT add_line(struct diag_tokens *t, struct bytes line, unsigned number)
{
    struct diag_token token = {0};
    struct bytes text = {0};
    struct bytes rest = line;
    struct bytes first = next_word(&rest);
    if (first.len == 0 || first.data[0] == '#')
        return NULL;
    const char *wrong = read_line(line, &token, &text);
    if (wrong)
        return refuse(number, wrong);
    TRY(sha256_hex(text, token.digest));
    wrong = check_unique(t, &token);
    if (wrong)
        return refuse(number, wrong);
    t->at[t->n++] = token;
    return NULL;
}

RESULT diag_tokens_parse(struct bytes text, struct diag_tokens **ret)
{
    CLEANUP(diag_tokens_freep) struct diag_tokens *t = calloc(1, sizeof(*t));
    if (!t)
        return err_nomem();
    for (unsigned number = 1; text.len > 0; number++)
        TRY(add_line(t, cut(&text, "\n"), number));
    *ret = TAKE(t);
    return NULL;
}

void diag_tokens_free(struct diag_tokens *t)
{
    free(t);
}

/* What stands behind "Bearer"; the scheme's name is in any case (RFC 9110, 11.1). */
static bool is_bearer(const char *authorization, struct bytes *ret_token)
{
    static const char scheme[] = "Bearer";
    if (strncasecmp(authorization, scheme, strlen(scheme)) != 0)
        return false;
    struct bytes rest = bytes_of_str(authorization + strlen(scheme));
    if (rest.len == 0 || rest.data[0] != ' ')
        return false;
    *ret_token = next_word(&rest);
    return ret_token->len > 0 && next_word(&rest).len == 0;
}

/* All ones when they are equal, else zero; no branch depends on what is in them. */
static size_t equal_mask(const char *a, const char *b)
{
    volatile uint32_t different = 0; /* volatile: a compiler must not end the loop early */
    for (size_t i = 0; i < SHA256_HEX_SIZE - 1; i++)
        different |= (uint32_t)(uint8_t)(a[i] ^ b[i]);
    return (size_t)0 - (size_t)(((different - 1U) >> 31) & 1U);
}

const struct diag_token *diag_tokens_find(const struct diag_tokens *t, const char *authorization)
{
    struct bytes token = {0};
    char digest[SHA256_HEX_SIZE];
    if (!is_bearer(authorization, &token))
        return NULL;
    CLEANUP(err_freep) struct err *e = sha256_hex(token, digest);
    if (e)
        return NULL;
    size_t found =
        0; /* 1 + its number: as no digest is there twice, one mask at most is not zero */
    for (size_t i = 0; i < t->n; i++)
        found |= (i + 1) & equal_mask(digest, t->at[i].digest);
    return found ? &t->at[found - 1] : NULL;
}
