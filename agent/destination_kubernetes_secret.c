/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in a Kubernetes secret. Each set is applied as a whole, by one request (server-side apply), so that
 * no reader ever meets two halves; what we applied before and is not in the set goes. A secret that was
 * deleted is made again by that.
 *
 * Fields are not taken from anybody: until we have applied to a secret, a field of another manager is an
 * error for a person to resolve. Afterwards the secret is ours, and an edit by hand is overwritten, as
 * Kubernetes advises controllers: it would else stop every renewal.
 */
#include "agent/destination_kind.h"
#include "agent/kube_client.h"
#include "agent/kube_secret.h"
#include "base/text.h"

#include <string.h>

#define MANAGER "tbot"
#define APPLY_TYPE "application/apply-patch+yaml"

/* Of an answer to an apply nothing but its status is looked at: it need not hold the keys again. */
#define METADATA_ONLY                                                                              \
    "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"

/* What was read is not read again at once: an output is read file by file. */
#define FRESH_S 2

struct kube_destination {
    struct destination_kind kind; /* first: a pointer to it is a pointer to us */
    struct kube_client *client;
    struct kube_secret secret;
    char name_space[KUBE_NAMESPACE_SIZE];
    char *text, *path, *apply_path;

    struct secret_files files; /* as read or applied last */
    struct mono files_at;
    bool has_files;
    bool is_ours; /* we have applied to it */
};

static void destroy(struct destination_kind *k)
{
    struct kube_destination *d = (struct kube_destination *)k;
    kube_client_free(d->client);
    secret_files_release(&d->files);
    free(d->text);
    free(d->path);
    free(d->apply_path);
    free(d);
}

static struct kube_question question(const struct kube_destination *d, const char *verb)
{
    return (struct kube_question){
        .reply_max = KUBE_SECRET_JSON_MAX,
        .asked = {.verb = verb, .name_space = d->name_space, .name = d->secret.name},
    };
}

/* --- reading --- */

static RESULT ask_for_files(struct kube_destination *d, const struct ctx *ctx,
                            struct secret_files *ret)
{
    CLEANUP(secret_freep) struct secret *json = NULL;
    struct kube_question q = question(d, "get");
    q.method = "GET";
    q.path = d->path;
    struct err *e = kube_client_ask(d->client, &q, ctx, &json);
    if (err_code(e) == ERR_NOT_FOUND) {
        err_ignore(e, "it was not made yet, or deleted");
        return NULL;
    }
    TRY(e);
    return kube_secret_decode(secret_bytes(json), MANAGER, ret, &d->is_ours);
}

static void keep(struct kube_destination *d, struct secret_files *files, const struct ctx *ctx)
{
    secret_files_swap(&d->files, files);
    d->files_at = clock_mono(ctx->clock);
    d->has_files = true;
}

static RESULT refresh(struct kube_destination *d, const struct ctx *ctx)
{
    CLEANUP(secret_files_release) struct secret_files files = {0};
    TRY(ask_for_files(d, ctx, &files));
    keep(d, &files, ctx);
    return NULL;
}

static bool is_fresh(const struct kube_destination *d, const struct ctx *ctx)
{
    struct dur age = mono_diff(clock_mono(ctx->clock), d->files_at);
    return d->has_files && age.ns < dur_s(FRESH_S).ns;
}

static RESULT need_ctx(const struct destination_kind *k)
{
    return k->ctx ? NULL : err_new(ERR_BUG, "%s is used without a deadline", k->text);
}

static RESULT read_file(struct destination_kind *k, const char *name, struct secret **ret)
{
    struct kube_destination *d = (struct kube_destination *)k;
    TRY(need_ctx(k));
    if (!is_fresh(d, k->ctx))
        TRY_CTX(refresh(d, k->ctx), "read %s", k->text);
    const struct secret *content = secret_files_find(&d->files, name);
    if (!content)
        return err_new(ERR_NOT_FOUND, "'%s' is not in %s", name, k->text);
    return secret_dup(content, ret);
}

/* --- writing --- */

static RESULT apply(struct kube_destination *d, const struct dir_file *files, size_t n,
                    bool is_dry_run, const struct ctx *ctx)
{
    CLEANUP(secret_freep) struct secret *body = NULL, *answer = NULL;
    CLEANUP(freep) char *path = NULL;
    struct kube_question q = question(d, "patch");
    TRY(kube_secret_encode(&d->secret, files, n, &body));
    TRY(text_format(&path, "%s&force=%s%s", d->apply_path, d->is_ours ? "true" : "false",
                    is_dry_run ? "&dryRun=All" : ""));
    q.method = "PATCH";
    q.path = path;
    q.content_type = APPLY_TYPE;
    q.body = secret_bytes(body);
    q.accept = METADATA_ONLY;
    return kube_client_ask(d->client, &q, ctx, &answer);
}

/* What is read says whether it is ours; then a dry run, whether we may write. */
static RESULT prepare(struct destination_kind *k, struct destination_report *ret)
{
    struct kube_destination *d = (struct kube_destination *)k;
    (void)ret;
    TRY(need_ctx(k));
    TRY_CTX(refresh(d, k->ctx), "prepare %s", k->text);
    TRY_CTX(apply(d, NULL, 0, true, k->ctx), "prepare %s", k->text);
    return NULL;
}

static RESULT take_over(const struct dir_file *files, size_t n, struct secret_files *ret)
{
    TRY(secret_files_copy(&(struct secret_files){0}, n, ret));
    for (size_t i = 0; i < n; i++)
        TRY(secret_files_put(ret, files[i].name, files[i].content));
    return NULL;
}

/* Everything is copied first: what fails then is only the request. */
static RESULT publish(struct destination_kind *k, const struct dir_file *files, size_t n_files,
                      struct destination_report *ret)
{
    struct kube_destination *d = (struct kube_destination *)k;
    CLEANUP(secret_files_release) struct secret_files next = {0};
    TRY(need_ctx(k));
    TRY(take_over(files, n_files, &next));
    TRY_CTX(apply(d, files, n_files, false, k->ctx), "write %s", k->text);
    ret->changed = secret_files_changed(&d->files, files, n_files);
    d->is_ours = true;
    keep(d, &next, k->ctx);
    return NULL;
}

/* --- making --- */

static RESULT fill_in(struct kube_destination *d, const struct config_destination *config)
{
    TRY(kube_client_new(config->service_account_dir, getenv, &d->client));
    TRY(kube_client_namespace(d->client, config->name_space, getenv, d->name_space));
    d->secret =
        (struct kube_secret){d->name_space, config->name, config->labels.items, config->labels.len};
    TRY(text_format(&d->text, "secret '%s/%s'", d->name_space, config->name));
    TRY(text_format(&d->path, "/api/v1/namespaces/%s/secrets/%s", d->name_space, config->name));
    return text_format(&d->apply_path, "%s?fieldManager=" MANAGER, d->path);
}

RESULT destination_kubernetes_secret_new(const struct config_destination *config,
                                         struct destination_kind **ret)
{
    struct kube_destination *d = calloc(1, sizeof(*d));
    if (!d)
        return err_nomem();
    struct err *e = fill_in(d, config);
    if (e) {
        destroy(&d->kind);
        return err_wrap(e, "secret '%s'", config->name);
    }
    d->kind = (struct destination_kind){
        .text = d->text,
        .free = destroy,
        .prepare = prepare,
        .publish = publish,
        .read = read_file,
    };
    *ret = &d->kind;
    return NULL;
}
