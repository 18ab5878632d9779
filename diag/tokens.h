/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_TOKENS_H
#define TBOT_DIAG_TOKENS_H

/*
 * Bearer tokens of the diagnostics server: what the list says, and whose token a request carries. Pure;
 * diag/token_file.h reads the file.
 *
 * One token a line, three words, blanks between them:
 *
 *     # NAME       RIGHTS          TOKEN
 *     prometheus   read            6vYq3zNf0Xw5Jr8kTb2LhGdE1sUoPcMa
 *     deploy       change          mZ4t9QxW7aVb1Rk6Yp3LcFn8HsDj2UeG
 *     oncall       change,debug    Kd5s8Jf2Lq0Wn6Rt9Yx4Vb7Zm1Pc3Hg=
 *
 * NAME is for the log: letters, digits, '.', '_' and '-', at most 64, each name once. RIGHTS is a list
 * of `read`, `change` and `debug` with commas; every token may read. TOKEN has 16 to 512 characters of
 * those RFC 6750 allows: letters, digits, "-._~+/", and '=' at its end. `openssl rand -hex 32` makes one. A
 * line that is empty or begins with '#' says nothing; a list without tokens is one that lets nobody in.
 *
 * In memory there are digests only. A token is compared with all of them, every byte of each, so that
 * the time it takes tells nothing about how near a guess was.
 */

#include "base/encode.h"

#define DIAG_TOKENS_MAX 64
#define DIAG_TOKENS_TEXT_MAX ((size_t)64 * 1024)
#define DIAG_TOKEN_NAME_MAX 64

struct diag_token {
    char name[DIAG_TOKEN_NAME_MAX + 1];
    char digest[SHA256_HEX_SIZE];
    bool may_change, may_debug;
};

struct diag_tokens {
    struct diag_token at[DIAG_TOKENS_MAX];
    size_t n;
};

/*
 * ERR_CONFIG names the line and what is wrong, and nothing that stands in it: where the order of the
 * words is wrong, the token is where a name should be.
 */
RESULT diag_tokens_parse(struct bytes text, struct diag_tokens **ret);
void diag_tokens_free(struct diag_tokens *t); /* accepts NULL */
DEFINE_FREEP(diag_tokens)

/* Whose the Authorization header is ("Bearer TOKEN"); NULL: nobody's, or it is of another kind. */
const struct diag_token *diag_tokens_find(const struct diag_tokens *t, const char *authorization);

#endif
