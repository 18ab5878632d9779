/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An output's directory: it holds the old set or the new one; where the last step, the renames, failed
 * half way, the next publish puts it right. No file is ever cut, but where it can only be overwritten.
 */
#include "agent/destination.h"
#include "tests/fault/walk.h"
#include "tests/support/assert_err.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define ACL "system.posix_acl_access"

/* A file grows, one shrinks, one stays, one is new. */
static const struct set {
    const char *name, *before, *after;
} set[] = {
    {"tlscacerts", "the CAs, which stay\n", "the CAs, which stay\n"},
    {"known_hosts", NULL, "a file that was not there before\n"},
    {"key", "the old key\n", "the new key, which is longer\n"},
    {"tlscert", "the old certificate, the longer of both\n", "the new certificate\n"},
};
#define N_FILES (sizeof(set) / sizeof(set[0]))

struct kind {
    enum symlink_policy symlinks;
    enum config_acls acls;
    enum config_atomic before, after;
    bool is_memory; /* what is looked at then is the copy that it keeps */
};

/* How far it came. */
struct progress {
    bool is_published;
    bool is_warned;
};

static const struct kind *kind(const struct walk *w)
{
    return w->scenario->arg;
}

/* The output lies below the walk's own directory: "out" is made by the first publish of all. */
static const char *in_output(struct walk *w, const char *name)
{
    char path[64];
    snprintf(path, sizeof(path), "out/%s", name);
    return temp_dir_join(&w->dir, path);
}

static struct err *publish(struct walk *w, bool is_new, struct destination_report *report)
{
    bool is_first = !is_new;
    CLEANUP(destination_freep) struct destination *d = NULL;
    CLEANUP(destination_report_release) struct destination_report prepared = {0};
    char path[96];
    struct config_reader reader = {.name = (char[]){"12345"}};
    const struct config_destination config = {
        .type = kind(w)->is_memory ? CONFIG_DESTINATION_MEMORY : CONFIG_DESTINATION_DIRECTORY,
        .is_cached = kind(w)->is_memory,
        .path = path,
        .symlinks = kind(w)->symlinks,
        .acls = kind(w)->acls,
        .atomic = is_first ? kind(w)->before : kind(w)->after,
        .readers = &reader,
        .n_readers = kind(w)->acls == CONFIG_ACLS_OFF ? 0 : 1,
    };
    struct dir_file files[N_FILES];
    size_t n = 0;
    snprintf(path, sizeof(path), "%s/out", w->dir.path);
    for (size_t i = 0; i < N_FILES; i++) {
        const char *content = is_new ? set[i].after : set[i].before;
        if (content)
            files[n++] = (struct dir_file){set[i].name, bytes_of_str(content), 0600, {0}};
    }
    TRY(destination_new(&config, entropy_system(), &d));
    TRY(destination_prepare(d, &prepared));
    ((struct progress *)w->notes)->is_warned = prepared.warnings.len > 0;
    return destination_publish(d, files, n, report);
}

static void set_up(struct walk *w)
{
    CLEANUP(destination_report_release) struct destination_report report = {0};
    assert_ok(publish(w, false, &report));
    assert_int_equal(chmod(in_output(w, "key"), 0640), 0);
}

/* The certificate is reached through a link: it can only be overwritten. */
static void set_up_link(struct walk *w)
{
    set_up(w);
    char real[96];
    snprintf(real, sizeof(real), "%s/real", w->dir.path);
    assert_int_equal(rename(in_output(w, "tlscert"), real), 0);
    assert_int_equal(symlink("../real", in_output(w, "tlscert")), 0);
}

static struct err *act(struct walk *w)
{
    CLEANUP(destination_report_release) struct destination_report report = {0};
    TRY(publish(w, true, &report));
    struct progress *p = w->notes;
    p->is_published = true;
    p->is_warned |= report.warnings.len > 0;
    for (size_t i = 0; i < report.warnings.len; i++)
        walk_check(w, walk_is_discreet(report.warnings.items[i]), "a warning tells a secret");
    return NULL;
}

/* With generations as who opens `..data` sees it, once it is there. */
static char *read_file(struct walk *w, const char *name)
{
    char path[64];
    bool has_data = kind(w)->after == CONFIG_ATOMIC_SYMLINK && temp_dir_has(&w->dir, "out/..data");
    snprintf(path, sizeof(path), has_data ? "out/..data/%s" : "out/%s", name);
    return temp_dir_read(&w->dir, path);
}

static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Overwriting may be cut short, and says so. */
static bool may_be_cut(const struct walk *w, const struct err *e, const char *name)
{
    const char *hint = err_hint(e);
    return kind(w)->symlinks == SYMLINKS_INSECURE && strcmp(name, "tlscert") == 0 &&
           (w->was_killed || (hint && strstr(hint, "may be cut")));
}

/* How many of the files that change are new. */
static unsigned count_new(struct walk *w, const struct err *e)
{
    unsigned n = 0;
    for (size_t i = 0; i < N_FILES; i++) {
        CLEANUP(freep) char *now = read_file(w, set[i].name);
        bool is_new = is_same(now, set[i].after);
        n += is_new && !is_same(set[i].before, set[i].after);
        walk_check(w, is_new || is_same(now, set[i].before) || may_be_cut(w, e, set[i].name),
                   "'%s' is neither old nor new: '%s'", set[i].name, now ? now : "(gone)");
    }
    return n;
}

/* Whoever may read a file may do so from its first moment, and nobody else ever. */
static void check_access(struct walk *w)
{
    struct stat st;
    bool has_acl = kind(w)->acls != CONFIG_ACLS_OFF;
    for (size_t i = 0; i < N_FILES; i++) {
        const char *path = in_output(w, set[i].name);
        if (stat(path, &st) != 0)
            continue;
        mode_t wanted = has_acl || strcmp(set[i].name, "key") == 0 ? 0640 : 0600;
        walk_check(w, (st.st_mode & 07777) == wanted, "'%s' has mode %o", set[i].name, st.st_mode);
        if (has_acl)
            walk_check(w, getxattr(path, ACL, NULL, 0) > 0, "'%s' has lost its ACL", set[i].name);
    }
}

static char *list(struct walk *w)
{
    struct temp_dir out = w->dir;
    snprintf(out.path, sizeof(out.path), "%.50s/out", w->dir.path);
    return temp_dir_list(&out);
}

/* Who lives on tidies up at once, for all that can still be removed. */
static void check_has_no_temporary(struct walk *w)
{
    CLEANUP(freep) char *names = list(w);
    if (!w->was_killed && !strstr(faults_call(), "unlinkat"))
        walk_check(w, !strstr(names, ".tmp"), "a temporary file stayed: %s", names);
}

#define NAMES "key known_hosts tlscacerts tlscert"

/* The generation in force, perhaps the one before, `..data`, and `names`. */
static bool has_generations(const char *listed, const char *names)
{
    static const char data[] = "..data ";
    const char *rest = strstr(listed, data);
    const size_t one = strlen("..2026_01_02_15_04_05.123456789 ");
    return rest && strcmp(rest + strlen(data), names) == 0 &&
           (rest == listed + one || rest == listed + 2 * one);
}

static void check_is_clean(struct walk *w)
{
    CLEANUP(freep) char *listed = list(w);
    const char *names = kind(w)->is_memory ? NAMES : ".write-test " NAMES;
    bool is_clean = kind(w)->after == CONFIG_ATOMIC_SYMLINK ? has_generations(listed, names)
                                                            : strcmp(listed, names) == 0;
    walk_check(w, is_clean, "the directory holds: %s", listed);
}

/* The old set or the new, where both were to be seen as a whole. */
static void check_is_whole(struct walk *w, const struct err *e, unsigned n_new)
{
    CLEANUP(freep) char *text = e ? err_text(e) : NULL;
    if (n_new == 0 || n_new == N_FILES - 1)
        return;
    walk_check(w, kind(w)->after != CONFIG_ATOMIC_SYMLINK, "%u files of a generation are new",
               n_new);
    if (text)
        walk_check(w,
                   strstr(text, "of the set were replaced") ||
                       (err_hint(e) && strstr(err_hint(e), "may be cut")),
                   "half done, not said: '%s'", text);
}

static void check(struct walk *w, const struct err *e)
{
    CLEANUP(destination_report_release) struct destination_report report = {0};
    const struct progress *p = w->notes;
    unsigned n_new = count_new(w, e);
    check_has_no_temporary(w);
    if (p->is_published && !(kind(w)->is_memory && p->is_warned))
        walk_check(w, n_new == N_FILES - 1, "published, and yet %u files are new", n_new);
    check_is_whole(w, e, n_new);
    check_access(w);
    if (!walk_check_ok(w, publish(w, true, &report), "the next publish"))
        return;
    walk_check(w, count_new(w, NULL) == N_FILES - 1, "the next publish does not put it right");
    check_access(w);
    check_is_clean(w);
}

#define DISK_AND_MEMORY (KINDS_MEMORY | KINDS_DISK)

static const struct scenario scenarios[] = {
    {"publish", DISK_AND_MEMORY, set_up, act, check, &(const struct kind){.acls = CONFIG_ACLS_OFF}},
    {"publish through a link", DISK_AND_MEMORY, set_up_link, act, check,
     &(const struct kind){.symlinks = SYMLINKS_INSECURE, .acls = CONFIG_ACLS_OFF}},
    {"publish for readers", DISK_AND_MEMORY, set_up, act, check,
     &(const struct kind){.acls = CONFIG_ACLS_REQUIRED}},
    {"publish a generation", DISK_AND_MEMORY, set_up, act, check,
     &(const struct kind){
         .acls = CONFIG_ACLS_OFF, .before = CONFIG_ATOMIC_SYMLINK, .after = CONFIG_ATOMIC_SYMLINK}},
    {"publish a generation for readers", DISK_AND_MEMORY, set_up, act, check,
     &(const struct kind){.acls = CONFIG_ACLS_REQUIRED,
                          .before = CONFIG_ATOMIC_SYMLINK,
                          .after = CONFIG_ATOMIC_SYMLINK}},
    {"publish the first generation", DISK_AND_MEMORY, set_up, act, check,
     &(const struct kind){.acls = CONFIG_ACLS_OFF, .after = CONFIG_ATOMIC_SYMLINK}},
    {"publish after the last generation", DISK_AND_MEMORY, set_up, act, check,
     &(const struct kind){.acls = CONFIG_ACLS_OFF, .before = CONFIG_ATOMIC_SYMLINK}},
    {"publish in memory with a copy", DISK_AND_MEMORY, set_up, act, check,
     &(const struct kind){.acls = CONFIG_ACLS_OFF,
                          .before = CONFIG_ATOMIC_SYMLINK,
                          .after = CONFIG_ATOMIC_SYMLINK,
                          .is_memory = true}},
    /* Missing memory is no reason to leave the readers out until the next start. */
    {"publish for readers, if possible", KINDS_MEMORY, set_up, act, check,
     &(const struct kind){.acls = CONFIG_ACLS_TRY}},
};

int main(int argc, char **argv)
{
    return walk_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
