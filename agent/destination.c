/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/destination.h"

#include "agent/destination_kind.h"
#include "base/encode.h"

#include <string.h>

#define WARNING_MAX 8192

/* What a file was when we published it. */
struct fingerprint {
    char *name;
    char sha256[SHA256_HEX_SIZE];
};

struct fingerprints {
    struct fingerprint *items;
    size_t len;
};

struct destination {
    struct destination_kind *kind;
    struct fingerprints published;
};

static void fingerprints_release(struct fingerprints *f)
{
    for (size_t i = 0; i < f->len; i++)
        free(f->items[i].name);
    free(f->items);
    *f = (struct fingerprints){0};
}

void destination_report_release(struct destination_report *r)
{
    strlist_release(&r->warnings);
    *r = (struct destination_report){0};
}

RESULT destination_report_warn(struct destination_report *r, const char *before,
                               const struct err *cause, const char *after)
{
    CLEANUP(freep) char *text = err_text(cause);
    CLEANUP(buf_release) struct buf warning = BUF_INIT(WARNING_MAX);

    if (!text)
        return err_nomem();
    TRY(buf_printf(&warning, "%s%s%s", before, text, after));
    return strlist_add(&r->warnings, buf_str(&warning));
}

static RESULT make_kind(const struct config_destination *config, const struct entropy *entropy,
                        struct destination_kind **ret)
{
    switch (config->type) {
    case CONFIG_DESTINATION_DIRECTORY:
        return destination_directory_new(config, entropy, ret);
    case CONFIG_DESTINATION_MEMORY:
        return destination_memory_new(config, ret);
    case CONFIG_DESTINATION_KUBERNETES_SECRET:
        return destination_kubernetes_secret_new(config, ret);
    case CONFIG_DESTINATION_NONE:
        break;
    }
    return err_new(ERR_BUG, "a destination of kind %d", (int)config->type);
}

RESULT destination_new(const struct config_destination *config, const struct entropy *entropy,
                       struct destination **ret)
{
    CLEANUP(destination_freep) struct destination *d = calloc(1, sizeof(*d));

    if (!d)
        return err_nomem();
    TRY(make_kind(config, entropy, &d->kind));
    *ret = TAKE(d);
    return NULL;
}

void destination_free(struct destination *d)
{
    if (!d)
        return;
    if (d->kind)
        d->kind->free(d->kind);
    fingerprints_release(&d->published);
    free(d);
}

void destination_use(struct destination *d, const struct ctx *ctx)
{
    d->kind->ctx = ctx;
}

const char *destination_text(const struct destination *d)
{
    return d->kind->text;
}

const char *destination_dir(const struct destination *d)
{
    return d->kind->dir;
}

RESULT destination_prepare(struct destination *d, struct destination_report *ret)
{
    CLEANUP(destination_report_release) struct destination_report report = {0};

    TRY(d->kind->prepare(d->kind, &report));
    *ret = report;
    report = (struct destination_report){0};
    return NULL;
}

static RESULT take_fingerprints(const struct dir_file *files, size_t n, struct fingerprints *ret)
{
    CLEANUP(fingerprints_release)
    struct fingerprints f = {
        .items = calloc(n ? n : 1, sizeof(*f.items)),
    };

    if (!f.items)
        return err_nomem();
    for (size_t i = 0; i < n; i++) {
        f.items[i].name = strdup(files[i].name);
        if (!f.items[i].name)
            return err_nomem();
        f.len = i + 1;
        TRY(sha256_hex(files[i].content, f.items[i].sha256));
    }
    *ret = f;
    f = (struct fingerprints){0};
    return NULL;
}

static RESULT check_sizes(const struct dir_file *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (files[i].content.len > DESTINATION_MAX_FILE_SIZE)
            return err_new(ERR_STORAGE, "'%s' is too large: %zu bytes", files[i].name,
                           files[i].content.len);
    }
    return NULL;
}

RESULT destination_publish(struct destination *d, const struct dir_file *files, size_t n_files,
                           struct destination_report *ret)
{
    CLEANUP(destination_report_release) struct destination_report report = {0};
    CLEANUP(fingerprints_release) struct fingerprints fresh = {0};

    TRY_CTX(check_sizes(files, n_files), "publish to %s", d->kind->text);
    TRY(take_fingerprints(files, n_files, &fresh));
    TRY(d->kind->publish(d->kind, files, n_files, &report));

    struct fingerprints old = d->published;
    d->published = fresh;
    fresh = old;
    *ret = report;
    report = (struct destination_report){0};
    return NULL;
}

RESULT destination_read(struct destination *d, const char *name, struct secret **ret)
{
    return d->kind->read(d->kind, name, ret);
}

static RESULT is_as_published(struct destination *d, const struct fingerprint *f, bool *ret)
{
    char now[SHA256_HEX_SIZE];
    CLEANUP(secret_freep) struct secret *content = NULL;
    struct err *e = d->kind->read(d->kind, f->name, &content);

    if (err_code(e) == ERR_NOT_FOUND) {
        err_ignore(e, "a missing file is an answer here");
        *ret = false;
        return NULL;
    }
    TRY(e);
    TRY(sha256_hex(secret_bytes(content), now));
    *ret = strcmp(now, f->sha256) == 0;
    return NULL;
}

RESULT destination_verify(struct destination *d, struct strlist *ret_wrong)
{
    for (size_t i = 0; i < d->published.len; i++) {
        const struct fingerprint *f = &d->published.items[i];
        bool is_right = false;
        TRY(is_as_published(d, f, &is_right));
        if (!is_right)
            TRY(strlist_add(ret_wrong, f->name));
    }
    return NULL;
}
