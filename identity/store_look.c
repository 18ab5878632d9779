/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/store_look.h"

#include "identity/store.h"
#include "identity/store_files.h"

#include <string.h>

static struct err *load(struct dir *d, struct store_look *l)
{
    const struct store_recovery *r = &l->recovery;
    if (r->kind != STORE_RECOVERY_REDO)
        return store_files_load(d, &l->creds, l->tokenhash);
    l->creds = credentials_ref(r->journal.creds);
    memcpy(l->tokenhash, r->journal.tokenhash, sizeof(l->tokenhash));
    return NULL;
}

/* The files are renamed one after the other: in between they may not belong together. */
static struct err *load_while_it_changes(struct dir *d, struct store_look *l)
{
    struct err *e = load(d, l);
    if (!e || !l->holder)
        return e;
    err_ignore(e, "it may have been in the middle of being renewed");
    return load(d, l);
}

RESULT store_look(struct dir *d, struct store_look *ret)
{
    TRY(dir_lock_holder(d, STORE_LOCK_NAME, &ret->holder));
    TRY(store_recover_read(d, &ret->recovery));
    ret->why = load_while_it_changes(d, ret);
    return NULL;
}

void store_look_release(struct store_look *l)
{
    store_recovery_release(&l->recovery);
    credentials_free(l->creds);
    err_free(l->why);
    *l = (struct store_look){0};
}
