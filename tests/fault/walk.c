/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/walk.h"

#include "base/clock.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* No scenario has as many points: a walk that gets here would not end. */
#define POINTS_MAX 20000
#define FAILURES_SHOWN 5
#define SECRETS_MAX 16
#define FDS_MAX 256
#define KIND_LIMIT_S 300

/* What a process tells the one that started it. */
struct report {
    unsigned points;
    unsigned failures;
    char notes[WALK_NOTES_SIZE];
};
static struct report *report;

static const char *secrets[SECRETS_MAX];
static size_t n_secrets;

/* From the command line. */
static const char *only_scenario, *only_kind, *only_point;

void walk_keep_secret(const char *text)
{
    if (n_secrets == SECRETS_MAX)
        abort();
    secrets[n_secrets++] = text;
}

bool walk_is_discreet(const char *text)
{
    for (size_t i = 0; i < n_secrets; i++)
        if (strstr(text, secrets[i]))
            return false;
    return !strstr(text, "PRIVATE KEY");
}

bool walk_check(struct walk *w, bool is_so, const char *format, ...)
{
    if (is_so || report->failures++ >= FAILURES_SHOWN)
        return is_so;
    faults_pause();
    va_list ap;
    va_start(ap, format);
    fprintf(stderr, "'%s' '%s' %u (%s): ", w->scenario->name, w->kind->name, w->n, faults_call());
    vfprintf(stderr, format, ap);
    fputc('\n', stderr);
    va_end(ap);
    faults_resume();
    return false;
}

bool walk_check_ok(struct walk *w, struct err *e, const char *what)
{
    if (!e)
        return true;
    CLEANUP(freep) char *text = err_text(e);
    walk_check(w, false, "%s: %s", what, text ? text : "no text");
    err_free(e);
    return false;
}

static bool is_memory(const struct walk *w)
{
    return (w->kind->points & POINT_MEMORY) != 0;
}

/* A file's error names the file, or the directory all of them are in. */
static void judge_text(struct walk *w, const struct err *e, const char *text)
{
    const char *hint = err_hint(e);
    if (is_memory(w)) {
        walk_check(w, err_code(e) == ERR_NOMEM && strstr(text, "out of memory"),
                   "without memory: %s '%s'", err_code_name(err_code(e)), text);
    } else if (w->kind->points & (POINT_FILE | POINT_SPACE | POINT_RIGHT)) {
        walk_check(w, strstr(text, w->dir.path), "does not name the file: '%s'", text);
        walk_check(w, strstr(text, strerror(w->kind->errnum)), "does not name the cause: '%s'",
                   text);
    }
    if (w->kind->points & (POINT_SPACE | POINT_RIGHT))
        walk_check(w, hint, "no remedy: '%s'", text);
    walk_check(w, walk_is_discreet(text) && (!hint || walk_is_discreet(hint)), "tells a secret");
}

void walk_judge(struct walk *w, const struct err *e)
{
    faults_pause();
    CLEANUP(freep) char *text = err_text(e);
    if (walk_check(w, text, "an error without a text")) {
        walk_check(w, err_code(e) != ERR_OK && err_code(e) != ERR_BUG, "a bug: '%s'", text);
        walk_check(w, !w->kind->is_harmless, "this must do no harm: '%s'", text);
        judge_text(w, e, text);
    }
    faults_resume();
}

static unsigned open_fds(void)
{
    unsigned n = 0;
    for (int fd = 0; fd < FDS_MAX; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static struct err *act(struct walk *w)
{
    faults_forget_blocks();
    faults_forget_pending();
    faults_arm(w->kind, w->n);
    struct err *e = w->scenario->act(w);
    w->has_failed = faults_disarm();
    return e;
}

/* In a process of its own. Whether it came to the end alive. */
static void act_and_die(struct walk *w)
{
    pid_t pid = fork();
    if (pid == 0) {
        err_free(act(w));
        _exit(0);
    }
    int status = 0;
    bool has_ended = pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status);
    w->has_failed = faults_disarm();
    w->was_killed = has_ended && WEXITSTATUS(status) == FAULT_KILLED_STATUS;
    walk_check(w, has_ended && (w->was_killed || WEXITSTATUS(status) == 0),
               "the process ended with status %d", status);
}

static void check(struct walk *w, const struct err *e)
{
    const char *lost = faults_lost_content();
    walk_check(w, !lost, "'%s' was renamed before its content was synced", lost ? lost : "");
    if (e)
        walk_judge(w, e);
    if (!w->has_failed)
        walk_check(w, !e, "nothing failed, and yet there is an error");
    if (w->scenario->check)
        w->scenario->check(w, e);
}

/* Whether nothing failed: the walk is at its end. */
static bool run_once(struct walk *w)
{
    unsigned fds = open_fds();
    struct err *e = NULL;
    temp_dir_empty(&w->dir);
    memset(w->notes, 0, WALK_NOTES_SIZE);
    w->was_killed = false;
    if (w->scenario->set_up)
        w->scenario->set_up(w);
    if (w->kind->effect == FAULT_KILL)
        act_and_die(w);
    else
        e = act(w);
    check(w, e);
    err_free(e);
    walk_check(w, faults_live_blocks() == 0, "%zu blocks of memory leak", faults_live_blocks());
    walk_check(w, open_fds() == fds, "%u descriptors were open, now %u", fds, open_fds());
    return !w->has_failed;
}

static void walk_kind(struct walk *w)
{
    alarm(KIND_LIMIT_S);
    unsigned first = only_point ? (unsigned)strtoul(only_point, NULL, 10) : 0;
    bool is_through = false;
    for (w->n = first; !is_through && report->failures < FAILURES_SHOWN; w->n++) {
        report->points = w->n;
        is_through = run_once(w) || only_point;
        if (!walk_check(w, w->n < POINTS_MAX, "the walk does not end"))
            break;
    }
}

/* In a process of its own: a crash is known by its scenario, kind and point. */
static bool walk_kind_apart(struct walk *w, unsigned *points)
{
    *report = (struct report){0};
    faults_disarm(); /* where a walk before this one has crashed */
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        walk_kind(w);
        exit(report->failures ? 1 : 0);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        status = -1;
    if (status != 0)
        fprintf(stderr, "'%s' '%s' %u: %u failures, the process ended with status %d\n",
                w->scenario->name, w->kind->name, report->points, report->failures, status);
    *points += report->points;
    return status == 0;
}

/* In memory where there is such a place: thousands of directories come and go. */
static struct temp_dir make_dir(void)
{
    struct temp_dir t = {.path = "/dev/shm/tbot-test-XXXXXX"};
    return mkdtemp(t.path) ? t : temp_dir_make();
}

static bool is_left_out(const char *only, const char *name)
{
    return only && strcmp(only, name) != 0;
}

/* Under a sanitizer a fork is dear, and what a dead process leaves behind is the same. */
static bool is_worth_it(enum fault_effect effect)
{
#ifdef __SANITIZE_ADDRESS__
    return effect != FAULT_KILL;
#else
    (void)effect;
    return true;
#endif
}

static bool walk_scenario(const struct scenario *s)
{
    struct walk w = {.scenario = s, .dir = make_dir(), .notes = report->notes};
    struct mono began = clock_mono(clock_system());
    unsigned points = 0, kinds = 0;
    bool ok = true;
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        w.kind = &fault_kinds[k];
        if (!(s->kinds & 1U << k) || is_left_out(only_kind, w.kind->name) ||
            !is_worth_it(w.kind->effect))
            continue;
        kinds++;
        ok = walk_kind_apart(&w, &points) && ok;
    }
    temp_dir_remove(&w.dir);
    printf("%s %s: %u points, %u kinds, %.1f s\n", ok ? "ok" : "not ok", s->name, points, kinds,
           (double)mono_diff(clock_mono(clock_system()), began).ns / 1e9);
    return ok;
}

int walk_main(int argc, char **argv, const struct scenario *scenarios, size_t n)
{
    only_scenario = argc > 1 ? argv[1] : NULL;
    only_kind = argc > 2 ? argv[2] : NULL;
    only_point = argc > 3 ? argv[3] : NULL;
    report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (report == MAP_FAILED)
        return 2;
    faults_init();
    unsigned run = 0, failed = 0;
    for (size_t i = 0; i < n; i++) {
        if (is_left_out(only_scenario, scenarios[i].name))
            continue;
        run++;
        failed += !walk_scenario(&scenarios[i]);
    }
    return run == 0 || failed ? 1 : 0;
}
