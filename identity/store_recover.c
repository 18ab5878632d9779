/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/store_recover.h"

#include "identity/store_files.h"

#include <string.h>

/*
 * The identity of the flat files, NULL when there is none or it is damaged. That there is no memory
 * now, or no access, is no damage: taken for it, an identity could be overwritten by its predecessor.
 */
static RESULT load_flat(struct dir *d, struct credentials **ret)
{
    char tokenhash[SHA256_HEX_SIZE];
    struct err *e = store_files_load(d, ret, tokenhash);
    if (err_code(e) == ERR_NOMEM || err_errno(e) != 0)
        return e;
    err_ignore(e, "store_load() will report it");
    return NULL;
}

/*
 * Whether the flat files hold neither the identity the journal was to replace nor its successor:
 * another program, which knows nothing of journals, has renewed or joined since. Files that do not
 * load are worth less than a journal, and are nobody's.
 */
static RESULT find_foreign(struct dir *d, const struct store_journal *j, struct credentials **ret)
{
    char flat[SHA256_HEX_SIZE], successor[SHA256_HEX_SIZE] = "";
    TRY(store_files_fingerprint(d, flat));
    if (j->creds)
        TRY(store_files_fingerprint_of(j->creds, successor));
    if (*flat && strcmp(flat, j->base) != 0 && strcmp(flat, successor) != 0)
        return load_flat(d, ret);
    return NULL;
}

/*
 * Of two identities the one issued later counts. Generations decide only within one second: they
 * begin anew with every join.
 */
static bool is_newer(const struct credentials *a, const struct credentials *b)
{
    struct wall issued_a = credentials_not_before(a), issued_b = credentials_not_before(b);
    if (issued_a.ns != issued_b.ns)
        return wall_before(issued_b, issued_a);
    return credentials_subject(a)->generation > credentials_subject(b)->generation;
}

static RESULT judge(struct dir *d, struct store_recovery *r)
{
    CLEANUP(credentials_freep) struct credentials *foreign = NULL;
    const struct store_journal *j = &r->journal;
    TRY(find_foreign(d, j, &foreign));
    if (foreign && !(j->creds && is_newer(j->creds, foreign)))
        r->kind = STORE_RECOVERY_STALE;
    else
        r->kind = j->creds ? STORE_RECOVERY_REDO : STORE_RECOVERY_OPEN;
    return NULL;
}

/* What the journal said is lost; that something had begun is not. Takes `why` over. */
static RESULT judge_damaged(struct dir *d, struct err *why, struct store_recovery *r)
{
    CLEANUP(credentials_freep) struct credentials *flat = NULL;
    r->damage =
        err_wrap(why, "'%s' is taken for a renewal whose outcome is open", STORE_JOURNAL_NAME);
    TRY(load_flat(d, &flat));
    r->kind = STORE_RECOVERY_DAMAGED;
    r->journal.generation = flat ? credentials_subject(flat)->generation : 0;
    return NULL;
}

RESULT store_recover_read(struct dir *d, struct store_recovery *ret)
{
    CLEANUP(secret_freep) struct secret *text = NULL;
    struct err *e = dir_read_secret(d, STORE_JOURNAL_NAME, STORE_JOURNAL_MAX, &text);
    if (err_code(e) == ERR_NOT_FOUND) {
        err_free(e);
        ret->kind = STORE_RECOVERY_NOTHING;
        return NULL;
    }
    TRY(e);
    e = store_journal_decode(secret_bytes(text), &ret->journal);
    if (!e)
        return judge(d, ret);
    if (err_code(e) == ERR_NOMEM)
        return e;
    return judge_damaged(d, e, ret);
}

void store_recovery_release(struct store_recovery *r)
{
    store_journal_release(&r->journal);
    err_free(r->damage);
    *r = (struct store_recovery){0};
}
