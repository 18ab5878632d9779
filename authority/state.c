/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/state.h"

#include <string.h>

void state_release(struct state *s)
{
    free(s->cluster);
    for (int i = 0; i < CA_KIND_COUNT; i++)
        ca_release(&s->cas[i]);
    ca_keys_release(&s->web);
    bots_release(&s->bots);
    tokens_release(&s->tokens);
    *s = (struct state){ 0 };
}

RESULT state_generate(const char *cluster, enum suite suite, struct wall now, struct state *ret)
{
    CLEANUP(state_release) struct state s = { .suite = suite };
    s.cluster = strdup(cluster);
    if (!s.cluster)
        return err_nomem();
    TRY(ca_generate_all(suite, cluster, now, s.cas));
    /* P-256 in every suite: the web certificate is not part of the cluster. */
    TRY(ca_keys_generate(CA_SPIFFE, SUITE_BALANCED_V1, "tbot-authority web", now, &s.web));
    *ret = s;
    s = (struct state){ 0 };
    return NULL;
}

struct state_file {
    struct dir *dir;
    char *name;
    int lock_fd;
};

void state_file_close(struct state_file *f)
{
    if (!f)
        return;
    if (f->lock_fd >= 0)
        close(f->lock_fd);
    dir_close(f->dir);
    free(f->name);
    free(f);
}

static RESULT split_path(const char *path, char **ret_dir, char **ret_name)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (!*name)
        return err_new(ERR_USAGE, "'%s' does not name a file", path);
    size_t dir_len = slash ? (size_t)(slash - path) + 1 : 0;
    CLEANUP(freep) char *dir = dir_len ? strndup(path, dir_len) : strdup(".");
    *ret_name = strdup(name);
    if (!dir || !*ret_name)
        return err_nomem();
    *ret_dir = TAKE(dir);
    return NULL;
}

static RESULT lock(struct state_file *f, const char *path)
{
    CLEANUP(buf_release) struct buf name = BUF_INIT(4096);
    TRY(buf_printf(&name, "%s.lock", f->name));
    struct err *e = dir_lock(f->dir, buf_str(&name), &f->lock_fd);
    if (err_code(e) == ERR_BUSY)
        return err_set_hint(err_wrap(e, "locking the state '%s'", path),
                            "Another tbot-authority uses this state: stop it, or name another file.");
    return e;
}

RESULT state_file_open(const char *path, struct state_file **ret)
{
    CLEANUP(state_file_closep) struct state_file *f = calloc(1, sizeof(*f));
    CLEANUP(freep) char *dir = NULL;
    if (!f)
        return err_nomem();
    f->lock_fd = -1;
    TRY(split_path(path, &dir, &f->name));
    TRY_CTX(dir_open(dir, SYMLINKS_INSECURE, false, &f->dir), "opening the state '%s'", path);
    TRY(lock(f, path));
    *ret = TAKE(f);
    return NULL;
}

RESULT state_file_load(struct state_file *f, struct state *ret)
{
    CLEANUP(secret_freep) struct secret *json = NULL;
    TRY(dir_read_secret(f->dir, f->name, STATE_MAX, &json));
    TRY_CTX(state_decode(secret_bytes(json), ret), "state '%s/%s'", dir_path(f->dir), f->name);
    return NULL;
}

RESULT state_file_save(struct state_file *f, const struct state *s)
{
    CLEANUP(secret_freep) struct secret *json = NULL;
    TRY(state_encode(s, &json));
    TRY_CTX(dir_replace(f->dir, f->name, secret_bytes(json), 0600), "saving the state");
    return NULL;
}
