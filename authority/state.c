/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/state.h"

#include "authority/place.h"

#include <string.h>

void state_release(struct state *s)
{
    free(s->cluster);
    for (int i = 0; i < CA_KIND_COUNT; i++)
        ca_release(&s->cas[i]);
    ca_keys_release(&s->web);
    bots_release(&s->bots);
    tokens_release(&s->tokens);
    *s = (struct state){0};
}

RESULT state_generate(const char *cluster, enum suite suite, struct wall now, struct state *ret)
{
    CLEANUP(state_release) struct state s = {.suite = suite};
    s.cluster = strdup(cluster);
    if (!s.cluster)
        return err_nomem();
    TRY(ca_generate_all(suite, cluster, now, s.cas));
    /* P-256 in every suite: the web certificate is not part of the cluster. */
    TRY(ca_keys_generate(CA_SPIFFE, SUITE_BALANCED_V1, "tbot-authority web", now, &s.web));
    *ret = s;
    s = (struct state){0};
    return NULL;
}

struct state_file {
    struct place place;
    int lock_fd;
};

void state_file_close(struct state_file *f)
{
    if (!f)
        return;
    closep(&f->lock_fd);
    place_release(&f->place);
    free(f);
}

static RESULT lock(struct state_file *f, const char *path)
{
    CLEANUP(buf_release) struct buf name = BUF_INIT(4096);
    TRY(buf_printf(&name, "%s.lock", f->place.name));
    struct err *e = dir_lock(f->place.dir, buf_str(&name), &f->lock_fd);
    if (err_code(e) == ERR_BUSY)
        return err_set_hint(
            err_wrap(e, "locking the state '%s'", path),
            "Another tbot-authority uses this state: stop it, or name another file.");
    return e;
}

RESULT state_file_open(const char *path, struct state_file **ret)
{
    CLEANUP(state_file_closep) struct state_file *f = calloc(1, sizeof(*f));
    if (!f)
        return err_nomem();
    f->lock_fd = -1;
    TRY(place_open(path, &f->place));
    TRY(lock(f, path));
    *ret = TAKE(f);
    return NULL;
}

RESULT state_file_load(struct state_file *f, struct state *ret)
{
    CLEANUP(secret_freep) struct secret *json = NULL;
    TRY(dir_read_secret(f->place.dir, f->place.name, STATE_MAX, &json));
    TRY_CTX(state_decode(secret_bytes(json), ret), "state '%s/%s'", dir_path(f->place.dir),
            f->place.name);
    return NULL;
}

RESULT state_file_save(struct state_file *f, const struct state *s)
{
    CLEANUP(secret_freep) struct secret *json = NULL;
    TRY(state_encode(s, &json));
    TRY_CTX(dir_replace(f->place.dir, f->place.name, secret_bytes(json), 0600), "saving the state");
    return NULL;
}
