/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/status.h"

#include "agent/credential_copies.h"
#include "base/text.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_SIZE 1024

/* What a person is warned of while it is so; the log has its own limit (agent/skew.h). */
#define SKEW_WORTH_TELLING_S 10

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

/* As large as the parts need them. */
struct tables {
    struct status_parts of;
    struct credential_view *views; /* the identity's, then the outputs' */
    struct diag_credential *credentials;
    char **paths; /* as many as credentials */
    const char **warnings;
};

struct status {
    struct status_config c;
    struct now started;
    char hostname[HOST_NAME_MAX + 1];
    struct credential_copies *copies;

    /* What the last report points into. */
    struct cluster_known cluster;
    char authority_error[TEXT_SIZE], identity_error[TEXT_SIZE], skew[TEXT_SIZE];
    char reload_error[RELOAD_SUMMARY_SIZE];
    struct tables tables, next;
};

static size_t count_views(const struct tables *t)
{
    return t->of.n_outputs + 1;
}

static size_t count_credentials(const struct tables *t)
{
    return count_views(t) * CREDENTIAL_KINDS;
}

static void tables_release(struct tables *t)
{
    for (size_t i = 0; t->paths && i < count_credentials(t); i++)
        free(t->paths[i]);
    free(t->paths);
    free(t->credentials);
    free(t->views);
    free(t->warnings);
    *t = (struct tables){0};
}

static struct err *make_room(struct tables *t)
{
    t->views = calloc(count_views(t), sizeof(*t->views));
    t->credentials = calloc(count_credentials(t), sizeof(*t->credentials));
    t->paths = calloc(count_credentials(t), sizeof(*t->paths));
    t->warnings = calloc(t->of.config->warnings.len + 1, sizeof(*t->warnings));
    return t->views && t->credentials && t->paths && t->warnings ? NULL : err_nomem();
}

static void gather_views(const struct status *s, const struct tables *t)
{
    t->views[0] = identity_service_credentials(s->c.identity);
    for (size_t i = 0; i < t->of.n_outputs; i++)
        t->views[i + 1] = output_service_credentials(t->of.outputs[i]);
}

static struct err *make_paths(const struct status *s, struct tables *t)
{
    gather_views(s, t);
    for (size_t i = 0; i < count_credentials(t); i++) {
        const char *dir = t->views[i / CREDENTIAL_KINDS].dir;
        const char *file = credential_kind_file((enum credential_kind)(i % CREDENTIAL_KINDS));
        if (dir)
            TRY(text_format(&t->paths[i], "%s/%s", dir, file));
    }
    return NULL;
}

RESULT status_prepare(struct status *s, const struct status_parts *parts)
{
    tables_release(&s->next);
    s->next.of = *parts;
    TRY(make_room(&s->next));
    return make_paths(s, &s->next);
}

void status_change(struct status *s)
{
    tables_release(&s->tables);
    s->tables = s->next;
    s->next = (struct tables){0};
}

static struct err *make_copies(struct status *s)
{
    struct credential_copies_config config = {.loop = s->c.loop,
                                              .clock = s->c.clock,
                                              .workers = s->c.workers,
                                              .log = s->c.log,
                                              .looked = s->c.changed,
                                              .arg = s->c.arg};
    return credential_copies_new(&config, &s->copies);
}

RESULT status_new(const struct status_config *config, struct status **ret)
{
    CLEANUP(status_freep) struct status *s = calloc(1, sizeof(*s));
    if (!s)
        return err_nomem();
    s->c = *config;
    s->started = loop_now(config->loop);
    if (gethostname(s->hostname, sizeof(s->hostname) - 1) != 0)
        s->hostname[0] = '\0';
    TRY(status_prepare(s, &config->parts));
    status_change(s);
    TRY(make_copies(s));
    *ret = TAKE(s);
    return NULL;
}

void status_free(struct status *s)
{
    if (!s)
        return;
    credential_copies_free(s->copies);
    tables_release(&s->next);
    tables_release(&s->tables);
    free(s);
}

/* NULL for no error. */
static const char *text_of(const struct err *e, char out[TEXT_SIZE])
{
    CLEANUP(freep) char *text = e ? err_text(e) : NULL;
    if (!text)
        return NULL;
    snprintf(out, TEXT_SIZE, "%s", text);
    return out;
}

static void tell_process(const struct status *s, struct now now, struct diag_report *r)
{
    const struct config *config = s->tables.of.config;
    r->version = s->c.version;
    r->revision = s->c.revision;
    r->compiler = COMPILER;
    r->hostname = text_given(s->hostname);
    r->started_at = s->started.wall;
    r->uptime = mono_diff(now.mono, s->started.mono);
    r->mode = config->oneshot ? DIAG_ONE_PASS : DIAG_DAEMON;
    r->config_path = config->file;
    r->config_hash = text_given(config->file_hash);
}

static void tell_sandbox(const struct status *s, struct diag_report *r)
{
    struct sandbox_state is = sandbox_state(s->c.sandbox);
    r->sandbox = (struct diag_sandbox){.landlock = is.no_landlock ? DIAG_PART_OFF : DIAG_PART_ON,
                                       .seccomp = is.no_seccomp ? DIAG_PART_OFF : DIAG_PART_ON,
                                       .landlock_version = is.landlock_version,
                                       .no_landlock = is.no_landlock,
                                       .no_seccomp = is.no_seccomp};
}

static void tell_authority(struct status *s, struct now now, struct diag_report *r)
{
    const struct contact *contact = connection_service_contact(s->c.connection);
    cluster_describe(s->c.cluster, &s->cluster);
    r->authority = (struct diag_authority){
        .address = s->cluster.address,
        .path = s->cluster.kind,
        .route = s->cluster.route,
        .state = contact_state_name(contact->state),
        .is_up = contact->state == CONTACT_UP,
        .last_contact = wall_at(now, contact->last_contact),
        .round_trip = connection_service_round_trip(s->c.connection),
        .error = text_of(connection_service_error(s->c.connection), s->authority_error),
        .version = text_given(s->cluster.version),
    };
}

static void tell_identity(struct status *s, struct diag_report *r)
{
    const struct subject *who = identity_service_subject(s->c.identity);
    const struct credential_view *view = &s->tables.views[0];
    r->identity = (struct diag_identity){
        .next_renewal = view->renew_at,
        .state = renewer_state_name(identity_service_state(s->c.identity)),
        .advice = identity_service_advice(s->c.identity),
        .error = text_of(identity_service_error(s->c.identity), s->identity_error),
    };
    if (!who || !view->facts)
        return;
    r->identity.cluster = who->cluster;
    r->identity.bot = who->bot_name;
    r->identity.instance = who->bot_instance;
    r->identity.generation = who->generation;
    r->identity.not_before = view->facts->of[CREDENTIAL_X509].validity.not_before;
    r->identity.not_after = view->facts->of[CREDENTIAL_X509].validity.not_after;
}

static struct diag_credential credential_of(const struct status *s, size_t i)
{
    const struct credential_view *view = &s->tables.views[i / CREDENTIAL_KINDS];
    enum credential_kind kind = (enum credential_kind)(i % CREDENTIAL_KINDS);
    const struct credential_fact *fact = &view->facts->of[kind];
    struct diag_credential c = {.service = view->service,
                                .kind = credential_kind_name(kind),
                                .subject = fact->subject,
                                .serial = fact->serial,
                                .not_before = fact->validity.not_before,
                                .not_after = fact->validity.not_after,
                                .renew_at = view->renew_at,
                                .is_stale = view->is_stale,
                                .path = s->tables.paths[i]};
    c.copy = credential_copies_get(s->copies, view, kind, &c.copy_seen_at);
    return c;
}

static void tell_credentials(struct status *s, struct diag_report *r)
{
    r->credentials = s->tables.credentials;
    for (size_t i = 0; i < count_credentials(&s->tables); i++) {
        if (s->tables.views[i / CREDENTIAL_KINDS].facts)
            s->tables.credentials[r->n_credentials++] = credential_of(s, i);
    }
}

static const char *skew_warning(struct status *s)
{
    char shown[DUR_SIZE];
    struct dur skew = {0};
    bool is_known = cluster_skew(s->c.cluster, &skew);
    int64_t by = skew.ns < 0 ? -skew.ns : skew.ns;
    if (!is_known || by < dur_s(SKEW_WORTH_TELLING_S).ns)
        return NULL;
    snprintf(s->skew, sizeof(s->skew), "this machine's clock is %s %s the cluster's",
             dur_format((struct dur){by / dur_s(1).ns * dur_s(1).ns}, shown),
             skew.ns > 0 ? "behind" : "ahead of");
    return s->skew;
}

static void tell_warnings(struct status *s, struct diag_report *r)
{
    const struct strlist *config = &s->tables.of.config->warnings;
    const char *skew = skew_warning(s);
    r->warnings = s->tables.warnings;
    if (skew)
        s->tables.warnings[r->n_warnings++] = skew;
    for (size_t i = 0; i < config->len; i++)
        s->tables.warnings[r->n_warnings++] = config->items[i];
}

static void tell_reloads(struct status *s, struct diag_report *r)
{
    const struct reload *reload = s->c.reload;
    const struct reload_outcome *o = s->c.outcome;
    r->reloads = (struct diag_reloads){
        .succeeded = reload->succeeded,
        .failed = reload->failed,
        .awaited = reload_awaited(reload),
        .done = reload_done(reload),
        .is_under_way = reload_is_under_way(reload),
        .last = reload->last,
        .last_error = text_given(reload_outcome_summary(o, s->reload_error)),
        .added = &o->added,
        .changed = &o->changed,
        .removed = &o->removed,
        .n_kept = o->n_kept,
        .errors = &o->errors,
        .restart = &o->restart,
        .warnings = &o->warnings,
    };
}

static void report(void *arg, struct diag_report *ret)
{
    struct status *s = arg;
    struct now now = loop_now(s->c.loop);
    gather_views(s, &s->tables);
    tell_process(s, now, ret);
    tell_sandbox(s, ret);
    tell_authority(s, now, ret);
    tell_identity(s, ret);
    tell_credentials(s, ret);
    ret->hooks = hooks_report(s->c.hooks, now, &ret->n_hooks);
    tell_reloads(s, ret);
    tell_warnings(s, ret);
}

static bool refresh(void *arg)
{
    struct status *s = arg;
    gather_views(s, &s->tables);
    return credential_copies_look(s->copies, s->tables.views, count_views(&s->tables));
}

struct diag_reporter status_reporter(struct status *s)
{
    return (struct diag_reporter){.arg = s, .report = report, .refresh = refresh};
}
