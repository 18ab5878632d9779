/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/token_file.h"

#include "base/dir.h"
#include "diag/file_stamp.h"
#include "diag/tokens.h"

struct diag_token_file {
    const char *path;
    struct log *log;
    struct file_stamp stamp; /* of what was read last, also where it could not be used */
    struct diag_tokens *tokens;
};

static RESULT read_tokens(const char *path, struct diag_tokens **ret)
{
    CLEANUP(secret_freep) struct secret *text = NULL;
    TRY(file_read_private(path, DIAG_TOKENS_TEXT_MAX, &text));
    TRY_CTX(diag_tokens_parse(secret_bytes(text), ret), "'%s'", path);
    return NULL;
}

RESULT diag_token_file_open(const char *path, struct log *log, struct diag_token_file **ret)
{
    CLEANUP(diag_token_file_freep) struct diag_token_file *f = calloc(1, sizeof(*f));
    if (!f)
        return err_nomem();
    *f = (struct diag_token_file){.path = path, .log = log, .stamp = file_stamp_take(path)};
    struct err *e = read_tokens(path, &f->tokens);
    if (e)
        return err_wrap_as(ERR_CONFIG, e, "tokens for the diagnostics");
    *ret = TAKE(f);
    return NULL;
}

void diag_token_file_free(struct diag_token_file *f)
{
    if (!f)
        return;
    diag_tokens_free(f->tokens);
    free(f);
}

static void read_again(struct diag_token_file *f)
{
    struct diag_tokens *tokens = NULL;
    CLEANUP(err_freep) struct err *e = read_tokens(f->path, &tokens);
    if (e) {
        log_err(f->log, LOG_WARN, "diag", "new tokens cannot be used; those read before stay", e);
        return;
    }
    log_info(f->log, "diag", "new tokens", LOG_STR("file", f->path),
             LOG_INT("count", (int64_t)tokens->n));
    diag_tokens_free(f->tokens);
    f->tokens = tokens;
}

void diag_token_file_identify(struct diag_token_file *f, const char *authorization,
                              struct diag_asker *asker)
{
    asker->had_token = authorization != NULL;
    if (!f || !authorization)
        return;
    struct file_stamp stamp = file_stamp_take(f->path);
    if (!file_stamp_equals(&stamp, &f->stamp)) {
        f->stamp = stamp;
        read_again(f);
    }
    const struct diag_token *t = diag_tokens_find(f->tokens, authorization);
    if (!t)
        return;
    asker->is_token_valid = true;
    asker->may_change = t->may_change;
    asker->may_debug = t->may_debug;
    asker->name = t->name;
}
