/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sandbox.h"

#include "agent/sandbox_calls.h"
#include "agent/sandbox_preload.h"
#include "base/capabilities.h"
#include "base/dir.h"
#include "base/text.h"
#include "base/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define COMPONENT "sandbox"
#define SELF "/proc/self/exe"

/*
 * LeakSanitizer looks at the process from a tracer of its own at the end, and all of them make system calls of
 * their own in between.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZER_BUILD true
#elif defined(__has_feature)
#define IS_SANITIZER_BUILD                                                                         \
    (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                        \
     __has_feature(memory_sanitizer))
#else
#define IS_SANITIZER_BUILD false
#endif

/*
 * Of root: files of whoever reads and writes outputs, and the last blocks of a disk; low ports; memory that is
 * not swapped.
 */
#define NEEDED                                                                                     \
    (CAPABILITY(CAP_CHOWN) | CAPABILITY(CAP_DAC_OVERRIDE) | CAPABILITY(CAP_DAC_READ_SEARCH) |      \
     CAPABILITY(CAP_FOWNER) | CAPABILITY(CAP_FSETID) | CAPABILITY(CAP_SYS_RESOURCE) |              \
     CAPABILITY(CAP_NET_BIND_SERVICE) | CAPABILITY(CAP_IPC_LOCK))

#define OLD_FOR_GENERATIONS                                                                        \
    "this kernel's Landlock cannot allow what 'atomic: symlink' does; that needs Linux 5.19"

struct sandbox {
    struct sandbox_plan plan;
    struct sandbox_outside outside;
    char *program;
    struct strlist reasons; /* what `state` points into */
    struct sandbox_state state;
    /* Of everything below /proc, which makes a new file of a name nobody uses: one without our rule. */
    int *kept;
    size_t n_kept;
};

void sandbox_free(struct sandbox *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_kept; i++)
        close(s->kept[i]);
    free(s->kept);
    sandbox_plan_release(&s->plan);
    strlist_release(&s->reasons);
    free(s->program);
    free(s);
}

struct sandbox_state sandbox_state(const struct sandbox *s)
{
    static const struct sandbox_state none = {.no_landlock = "nobody asked for it",
                                              .no_seccomp = "nobody asked for it"};
    return s ? s->state : none;
}

/* --- rules --- */

static RESULT keep(struct sandbox *s, int fd)
{
    int *kept = realloc(s->kept, (s->n_kept + 1) * sizeof(*kept));
    if (!kept) {
        close(fd);
        return err_nomem();
    }
    s->kept = kept;
    s->kept[s->n_kept++] = fd;
    return NULL;
}

/* What is not there needs no rule. */
static RESULT allow_at(struct sandbox *s, struct landlock *l, const char *path, unsigned rights)
{
    CLEANUP(closep) int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    TRY(landlock_allow(l, fd, rights));
    return text_take_prefix(&path, "/proc/") ? keep(s, TAKE_FD(fd)) : NULL;
}

/* The file, and the directory it is in once all links were followed. */
static RESULT allow_file(struct sandbox *s, struct landlock *l, const struct sandbox_path *p)
{
    CLEANUP(freep) char *real = realpath(p->path, NULL);
    char *slash = real ? strrchr(real, '/') : NULL;
    TRY(allow_at(s, l, p->path, p->rights));
    if (!slash || slash == real)
        return NULL;
    *slash = '\0';
    return allow_at(s, l, real, p->rights);
}

/*
 * Where a directory cannot be made now, its output tries again later, and may succeed then: that goes
 * on below the nearest directory there is. Where we could not make it we have little to write, either.
 * Below the root it does not: that would be everything.
 */
static RESULT allow_above(struct landlock *l, struct log *log, const struct sandbox_path *p)
{
    CLEANUP(freep) char *above = strdup(p->path);
    if (!above)
        return err_nomem();
    for (char *slash = strrchr(above, '/'); slash > above; slash = strrchr(above, '/')) {
        CLEANUP(dir_closep) struct dir *d = NULL;
        *slash = '\0';
        struct err *e = dir_open_as_is(above, p->symlinks, &d);
        if (e) {
            err_ignore(e, "then one further up");
            continue;
        }
        log_warn(log, COMPONENT, "a directory cannot be made yet: one above it is left open for it",
                 LOG_STR("missing", p->path), LOG_STR("open", above));
        return landlock_allow(l, dir_fd(d), p->rights);
    }
    log_warn(log, COMPONENT, "a directory cannot be made: it stays closed until a restart",
             LOG_STR("missing", p->path));
    return NULL;
}

static RESULT allow_place(struct landlock *l, struct log *log, const struct sandbox_path *p)
{
    CLEANUP(dir_closep) struct dir *d = NULL;
    struct err *e = dir_open(p->path, p->symlinks, true, &d);
    if (!e)
        return landlock_allow(l, dir_fd(d), p->rights);
    err_ignore(e, "whoever writes there says it");
    return allow_above(l, log, p);
}

static RESULT allow(struct sandbox *s, struct landlock *l, struct log *log,
                    const struct sandbox_path *p)
{
    switch (p->kind) {
    case SANDBOX_PLACE:
        return allow_place(l, log, p);
    case SANDBOX_FILE:
        return allow_file(s, l, p);
    case SANDBOX_AS_IS:
        break;
    }
    return allow_at(s, l, p->path, p->rights);
}

/* --- closing --- */

static RESULT close_files(struct sandbox *s, const struct sandbox_config *c, int version)
{
    CLEANUP(landlock_release) struct landlock l = LANDLOCK_NONE;
    if (s->plan.moves && version > 0 && version < LANDLOCK_VERSION_MOVES)
        return err_new(ERR_UNIMPLEMENTED, OLD_FOR_GENERATIONS);
    TRY(landlock_init(&l, version, !c->reaches_by_name));
    for (size_t i = 0; i < s->plan.len; i++)
        TRY(allow(s, &l, c->log, &s->plan.items[i]));
    return landlock_enter(&l);
}

/* NULL where it succeeded; else why not, which is no reason to stop. */
static RESULT note(struct sandbox *s, struct err *e, const char **ret_reason)
{
    CLEANUP(err_freep) struct err *why = e;
    CLEANUP(freep) char *text = why ? err_text(why) : NULL;
    *ret_reason = NULL;
    if (!why)
        return NULL;
    TRY(strlist_add(&s->reasons, text ? text : "out of memory"));
    *ret_reason = s->reasons.items[s->reasons.len - 1];
    return NULL;
}

/* A unit may deny it. Ours does, and gives none but CAP_KILL for hooks; and kill(2) is denied to us. */
static void give_up_rights(struct log *log)
{
    CLEANUP(err_freep) struct err *e = capabilities_keep(NEEDED);
    if (e)
        log_err(log, LOG_INFO, COMPONENT, "capabilities stay as they are", e);
}

static RESULT close_both(struct sandbox *s, const struct sandbox_config *c)
{
    int version = landlock_version();
    sandbox_preload();
    TRY(note(s, close_files(s, c, version), &s->state.no_landlock));
    if (!s->state.no_landlock)
        s->state.landlock_version = version;
    give_up_rights(c->log);
    return note(s, sandbox_calls_enter(), &s->state.no_seccomp);
}

static const char *why_not(const struct sandbox_config *c)
{
    if (c->is_unwanted)
        return "--no-sandbox";
    return IS_SANITIZER_BUILD ? "sanitizer build" : NULL;
}

static void say(const struct sandbox *s, struct log *log)
{
    const struct sandbox_state *is = &s->state;
    bool is_whole = !is->no_landlock && !is->no_seccomp;
    const char *landlock = is->no_landlock ? is->no_landlock : "on";
    const char *seccomp = is->no_seccomp ? is->no_seccomp : "on";
    if (is_whole)
        log_info(log, COMPONENT, "closed", LOG_INT("landlock_abi", is->landlock_version));
    else
        log_warn(log, COMPONENT,
                 is->no_landlock && is->no_seccomp ? "there is none" : "closed in part only",
                 LOG_STR("landlock", landlock), LOG_STR("seccomp", seccomp));
}

RESULT sandbox_enter(const struct sandbox_config *config, struct sandbox **ret)
{
    CLEANUP(sandbox_freep) struct sandbox *s = calloc(1, sizeof(*s));
    if (!s)
        return err_nomem();
    s->program = realpath(SELF, NULL);
    s->outside = (struct sandbox_outside){.get = getenv,
                                          .program = s->program,
                                          .roots_file = tls_roots_file(),
                                          .roots_dirs = tls_roots_dirs(),
                                          .more = config->more};
    TRY(sandbox_plan_make(&s->plan, config->config, &s->outside));
    s->state.no_landlock = s->state.no_seccomp = why_not(config);
    if (!s->state.no_landlock)
        TRY(close_both(s, config));
    say(s, config->log);
    *ret = TAKE(s);
    return NULL;
}

RESULT sandbox_check(const struct sandbox *s, const struct config *next)
{
    CLEANUP(sandbox_plan_release) struct sandbox_plan plan = {0};
    const char *path = NULL;
    if (sandbox_state(s).no_landlock)
        return NULL;
    TRY(sandbox_plan_make(&plan, next, &s->outside));
    if (plan.moves && s->state.landlock_version < LANDLOCK_VERSION_MOVES)
        return err_new(ERR_CONFIG, "'atomic: symlink' is outside the sandbox: restart needed");
    if (sandbox_covers(&s->plan, &plan, &path))
        return NULL;
    return err_set_hint(
        err_new(ERR_CONFIG, "'%s' is outside the sandbox: restart needed", path),
        "It was closed around what the configuration named at the start. 'tbot start "
        "--sandbox-dir DIR' leaves a directory open for services that come later.");
}
