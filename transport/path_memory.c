/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/path_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NEW_FILE PATH_MEMORY_FILE ".new"
#define FILE_MODE 0600

struct path_memory {
    pthread_mutex_t lock; /* of `now`; held for copying only */
    struct path_file now;

    pthread_mutex_t saving; /* of what follows; only tried, by those who save */
    struct dir *dir;        /* NULL: nothing is kept */
    struct path_file saved; /* what the file says */
    bool is_foreign;        /* its owner and mode must not live on in what replaces it */
    bool is_failing;        /* the last save failed, and was told of */
};

/* Whoever can write it could send us another way, if only another verified one. */
static RESULT check_owner(const struct dir *d)
{
    struct stat st;
    if (fstatat(dir_fd(d), PATH_MEMORY_FILE, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return err_sys(errno == ENOENT ? ERR_NOT_FOUND : ERR_STORAGE, errno, "stat");
    if (st.st_uid != geteuid())
        return err_new(ERR_STORAGE, "it belongs to user %u, not to %u", (unsigned)st.st_uid,
                       (unsigned)geteuid());
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return err_new(ERR_STORAGE, "others may write it (mode %04o)",
                       (unsigned)(st.st_mode & 07777));
    return NULL;
}

static RESULT read_file(struct path_memory *m, struct path_file *ret)
{
    CLEANUP(buf_freep) struct buf *text = NULL;
    struct err *e = check_owner(m->dir);
    if (!e)
        e = dir_read(m->dir, PATH_MEMORY_FILE, PATH_FILE_MAX, &text);
    m->is_foreign = e && err_code(e) != ERR_NOT_FOUND;
    TRY(e);
    return path_file_decode(buf_bytes(text), ret);
}

static RESULT load(struct path_memory *m, const struct path_memory_config *config)
{
    struct path_file found;
    TRY(dir_open(config->dir, config->symlinks, false, &m->dir));
    TRY(read_file(m, &found));
    if (strcmp(found.settings, config->settings) != 0 || found.kind != config->kind)
        return err_new(ERR_STORAGE, "it was learnt under other settings");
    m->saved = m->now = found;
    return NULL;
}

RESULT path_memory_open(const struct path_memory_config *config, struct err **ret_ignored,
                        struct path_memory **ret)
{
    struct path_memory *m = calloc(1, sizeof(*m));
    if (!m)
        return err_nomem();
    pthread_mutex_init(&m->lock, NULL);
    pthread_mutex_init(&m->saving, NULL);
    m->now.kind = config->kind;
    snprintf(m->now.settings, sizeof(m->now.settings), "%s", config->settings);
    m->saved = m->now;
    struct err *e = config->dir ? load(m, config) : NULL;
    if (err_code(e) == ERR_NOT_FOUND)
        err_ignore(TAKE(e), "nothing was learnt yet");
    *ret_ignored = e ? err_wrap(e, "'%s/" PATH_MEMORY_FILE "'", config->dir) : NULL;
    *ret = m;
    return NULL;
}

void path_memory_free(struct path_memory *m)
{
    if (!m)
        return;
    dir_close(m->dir);
    pthread_mutex_destroy(&m->saving);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

void path_memory_get(struct path_memory *m, struct path_file *ret)
{
    pthread_mutex_lock(&m->lock);
    *ret = m->now;
    pthread_mutex_unlock(&m->lock);
}

/* A text that is too long is not worth an error: it stays unknown. */
static void set(char *to, size_t size, const char *from)
{
    if (from && *from && strlen(from) < size)
        memcpy(to, from, strlen(from) + 1);
}

void path_memory_learn(struct path_memory *m, const struct path_news *news)
{
    pthread_mutex_lock(&m->lock);
    struct path_file *f = &m->now;
    set(f->cluster, sizeof(f->cluster), news->cluster);
    set(f->server_version, sizeof(f->server_version), news->server_version);
    set(f->proven, sizeof(f->proven), news->proven);
    if (news->server_version && *news->server_version)
        f->suite = suite_of_number(news->suite);
    if (news->route) {
        f->has_route = true;
        f->route = *news->route;
    }
    pthread_mutex_unlock(&m->lock);
}

/* Replacing keeps owner and mode of what is replaced; a rename does not. */
static RESULT replace(struct path_memory *m, struct bytes text)
{
    if (!m->is_foreign)
        return dir_replace(m->dir, PATH_MEMORY_FILE, text, FILE_MODE);
    TRY(dir_replace(m->dir, NEW_FILE, text, FILE_MODE));
    return dir_rename(m->dir, NEW_FILE, PATH_MEMORY_FILE);
}

static RESULT write_file(struct path_memory *m, const struct path_file *f)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(PATH_FILE_MAX);
    TRY(path_file_encode(f, &text));
    TRY(replace(m, buf_bytes(&text)));
    m->is_foreign = false;
    m->saved = *f;
    return NULL;
}

static RESULT save(struct path_memory *m, struct wall now)
{
    struct path_file f;
    path_memory_get(m, &f);
    f.learnt = wall_of_unix(wall_to_unix(now));
    if (!m->dir || path_file_equals(&f, &m->saved))
        return NULL;
    struct err *e = write_file(m, &f);
    bool was_failing = m->is_failing;
    m->is_failing = e != NULL;
    if (e && was_failing) {
        err_ignore(e, "it was told of");
        return NULL;
    }
    return e ? err_wrap(e, "what was learnt about the path is not stored") : NULL;
}

RESULT path_memory_save(struct path_memory *m, struct wall now)
{
    if (pthread_mutex_trylock(&m->saving) != 0)
        return NULL;
    struct err *e = save(m, now);
    pthread_mutex_unlock(&m->saving);
    return e;
}
