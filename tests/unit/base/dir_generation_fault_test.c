/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks each change of a generation through every call that changes the disk, and fails that call or
 * dies in it. Before each call, and afterwards, two readers look: one by names, one that opens
 * `..data` once. Neither may ever meet a missing, cut or foreign file, or two that do not belong
 * together; and the next start leaves nothing half done behind.
 */
#include "base/dir_generation.h"

#include "base/dir_generation_internal.h"
#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* Far more calls than one change makes. */
#define CALLS_MAX 500

enum fault {
    FAULT_NONE,
    FAULT_ONE,  /* the N-th call fails, the next ones work */
    FAULT_FULL, /* from the N-th call on, what needs space fails: the disk is full */
    FAULT_DEAD, /* the N-th call is cut short and nothing happens after it: the process died */
};

static struct {
    enum fault fault;
    unsigned at;
    unsigned calls;
    void (*look)(void); /* called before each call */
} disk;

static void arm(enum fault fault, unsigned at)
{
    disk.fault = fault;
    disk.at = at;
    disk.calls = 0;
}

static void look(void)
{
    void (*looking)(void) = disk.look;

    disk.look = NULL;
    if (looking)
        looking();
    disk.look = looking;
}

/* Counts one call; whether it must fail, with errno set. */
static bool must_fail(bool needs_space)
{
    look();
    unsigned call = disk.calls++;
    errno = disk.fault == FAULT_FULL ? ENOSPC : EIO;
    switch (disk.fault) {
    case FAULT_ONE:
        return call == disk.at;
    case FAULT_FULL:
        return call >= disk.at && needs_space;
    case FAULT_DEAD:
        return call >= disk.at;
    case FAULT_NONE:
        break;
    }
    return false;
}

/* Directories that got names which no sync has made durable yet. */
#define UNSYNCED_MAX 8
static ino_t unsynced[UNSYNCED_MAX];
static unsigned put_into_force_unsynced, put_into_force;

static ino_t inode_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static void note_name(int dirfd)
{
    ino_t dir = inode_of(dirfd);
    size_t i = 0;

    while (i < UNSYNCED_MAX - 1 && unsynced[i] && unsynced[i] != dir)
        i++;
    unsynced[i] = dir;
}

static void note_sync(int fd)
{
    ino_t dir = inode_of(fd);

    for (size_t i = 0; i < UNSYNCED_MAX; i++)
        unsynced[i] = unsynced[i] == dir ? 0 : unsynced[i];
}

static void note_rename(int to_fd, const char *to)
{
    if (strcmp(to, DIR_GENERATION_DATA) != 0) {
        note_name(to_fd);
        return;
    }
    put_into_force++;
    for (size_t i = 0; i < UNSYNCED_MAX; i++)
        put_into_force_unsynced += unsynced[i] != 0;
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __real_openat(int fd, const char *name, int flags, ...);
ssize_t __real_pwrite(int fd, const void *data, size_t len, off_t at);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_unlinkat(int fd, const char *name, int flags);
int __real_mkdirat(int fd, const char *name, mode_t mode);
int __real_symlinkat(const char *target, int fd, const char *name);
int __real_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);

int __wrap_openat(int fd, const char *name, int flags, mode_t mode);
ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at);
int __wrap_fsync(int fd);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_unlinkat(int fd, const char *name, int flags);
int __wrap_mkdirat(int fd, const char *name, mode_t mode);
int __wrap_symlinkat(const char *target, int fd, const char *name);
int __wrap_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);

int __wrap_openat(int fd, const char *name, int flags, mode_t mode)
{
    if (!(flags & O_CREAT))
        return __real_openat(fd, name, flags);
    return must_fail(true) ? -1 : __real_openat(fd, name, flags, mode);
}

ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at)
{
    bool last = disk.calls == disk.at;
    if (!must_fail(true))
        return __real_pwrite(fd, data, len, at);
    int errnum = errno;
    /* Dying in a write leaves a part of it. */
    if (disk.fault == FAULT_DEAD && last)
        (void)!__real_pwrite(fd, data, len / 2, at);
    errno = errnum;
    return -1;
}

/* Nothing here pulls the plug, so nothing has to wait for the disk. */
int __wrap_fsync(int fd)
{
    note_sync(fd);
    return must_fail(false) ? -1 : 0;
}

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    note_rename(to_fd, to);
    return must_fail(false) ? -1 : __real_renameat(from_fd, from, to_fd, to);
}

int __wrap_unlinkat(int fd, const char *name, int flags)
{
    return must_fail(false) ? -1 : __real_unlinkat(fd, name, flags);
}

int __wrap_mkdirat(int fd, const char *name, mode_t mode)
{
    note_name(fd);
    return must_fail(true) ? -1 : __real_mkdirat(fd, name, mode);
}

int __wrap_symlinkat(const char *target, int fd, const char *name)
{
    return must_fail(true) ? -1 : __real_symlinkat(target, fd, name);
}

int __wrap_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    note_name(to_fd);
    return must_fail(true) ? -1 : __real_linkat(from_fd, from, to_fd, to, flags);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static struct temp_dir tmp;

/* Both files of a pair begin with its number. */
#define TAIL ": the rest of a file that is long enough to be cut"

static struct err *publish(struct dir *d, const char *n)
{
    char key[100], cert[100];

    snprintf(key, sizeof(key), "%s%s", n, TAIL);
    snprintf(cert, sizeof(cert), "%s%s", n, TAIL);
    const struct dir_file files[] = {
        {.name = "ca", .content = bytes_of_str("CA" TAIL), .mode = 0600},
        {.name = "key", .content = bytes_of_str(key), .mode = 0600},
        {.name = "cert", .content = bytes_of_str(cert), .mode = 0600},
    };
    return dir_generation_publish(d, files, 3, NULL);
}

/* The number of a file in `fd`; anything but a whole file ends the test. */
static char number_at(int fd, const char *name)
{
    char text[128] = {0};
    CLEANUP(closep) int file = __real_openat(fd, name, O_RDONLY | O_CLOEXEC);

    if (file < 0)
        fail_msg("call %u: '%s' is missing: %s", disk.calls, name, strerror(errno));
    if (read(file, text, sizeof(text) - 1) < 0 || strcmp(text + 1, TAIL) != 0)
        fail_msg("call %u: '%s' is cut: '%s'", disk.calls, name, text);
    return text[0];
}

static char pair_at(int fd)
{
    char key = number_at(fd, "key"), cert = number_at(fd, "cert");

    if (key != cert)
        fail_msg("call %u: key %c beside certificate %c", disk.calls, key, cert);
    return key;
}

static char pair_in(const char *path)
{
    CLEANUP(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        fail_msg("call %u: '%s' cannot be opened: %s", disk.calls, path, strerror(errno));
    return pair_at(fd);
}

static void both_readers_look(void)
{
    char by_name = pair_in(tmp.path);
    struct stat st;

    if (by_name < '0' || by_name > '2')
        fail_msg("call %u: pair %c was never published", disk.calls, by_name);
    if (lstat(temp_dir_join(&tmp, "..data"), &st) == 0)
        assert_in_range(pair_in(temp_dir_join(&tmp, "..data")), '0', '2');
}

static struct dir *open_dir(void)
{
    struct dir *d = NULL;
    assert_ok(dir_open(tmp.path, SYMLINKS_SECURE, false, &d));
    return d;
}

static unsigned count(bool (*is_counted)(const char *name))
{
    DIR *list = opendir(tmp.path);
    const struct dirent *entry;
    unsigned n = 0;

    while ((entry = readdir(list)))
        n += is_counted(entry->d_name);
    closedir(list);
    return n;
}

/* What to interrupt, from a state in which the pair 0 is there. */
struct change {
    void (*before)(struct dir *d);
    struct err *(*run)(struct dir *d);
    char result; /* the pair after it */
    struct err *(*next_start)(struct dir *d);
    unsigned generations; /* at most, after the next start */
};

static void begin(const struct change *c)
{
    tmp = temp_dir_make();
    CLEANUP(dir_closep) struct dir *d = open_dir();
    c->before(d);
    disk.look = both_readers_look;
}

static void end(void)
{
    disk.look = NULL;
    temp_dir_remove(&tmp);
}

static void assert_tidy(const struct change *c)
{
    assert_int_equal(count(dir_temp_is_name), 0);
    assert_in_range(count(dir_generation_name_is_ours), 0, c->generations);
}

/* The next start, and a change that nothing happens to. */
static void check_next_start(const struct change *c)
{
    arm(FAULT_NONE, 0);
    CLEANUP(dir_closep) struct dir *d = open_dir();
    both_readers_look();
    assert_ok(c->next_start(d));
    both_readers_look();
    assert_tidy(c);
    assert_ok(c->run(d));
    assert_int_equal(pair_in(tmp.path), c->result);
    assert_tidy(c);
}

/* Whether the change was through before the N-th call. */
static bool interrupt(const struct change *c, enum fault fault, unsigned n)
{
    begin(c);
    struct dir *d = open_dir();
    arm(fault, n);
    struct err *e = c->run(d);
    bool is_through = disk.calls <= n;
    if (is_through)
        assert_ok(e);
    else
        err_free(e); /* what only tidies up may fail in silence */
    dir_close(d);
    check_next_start(c);
    end();
    return is_through;
}

static void walk(const struct change *c, enum fault fault, unsigned at_least)
{
    unsigned n = 0;

    while (n < CALLS_MAX && !interrupt(c, fault, n))
        n++;
    assert_in_range(n, at_least, CALLS_MAX - 1);
}

static void walk_all(const struct change *c, unsigned at_least)
{
    walk(c, FAULT_DEAD, at_least);
    walk(c, FAULT_ONE, at_least);
    walk(c, FAULT_FULL, 1);
}

static void make_generation(struct dir *d)
{
    assert_ok(publish(d, "0"));
}

static void make_generations(struct dir *d)
{
    assert_ok(publish(d, "1"));
    assert_ok(publish(d, "2"));
    assert_ok(publish(d, "0"));
}

static void make_plain(struct dir *d)
{
    make_generations(d);
    assert_ok(dir_generation_dissolve(d));
}

static struct err *publish_1(struct dir *d)
{
    return publish(d, "1");
}

static void test_publish_interrupted_anywhere_leaves_the_old_or_the_new(void **state)
{
    static const struct change change = {make_generations, publish_1, '1', dir_generation_prepare,
                                         2};

    (void)state;
    walk_all(&change, 20);
}

static void test_second_publish_interrupted_anywhere_leaves_the_old_or_the_new(void **state)
{
    static const struct change change = {make_generation, publish_1, '1', dir_generation_prepare,
                                         2};

    (void)state;
    walk_all(&change, 15);
}

static void test_turning_plain_files_into_links_is_never_seen(void **state)
{
    static const struct change change = {make_plain, publish_1, '1', dir_generation_prepare, 2};

    (void)state;
    walk_all(&change, 30);
}

static void test_turning_links_into_plain_files_is_never_seen(void **state)
{
    static const struct change change = {make_generations, dir_generation_dissolve, '0',
                                         dir_generation_dissolve, 0};

    (void)state;
    walk_all(&change, 10);
}

/* Half way back to plain files, and then not after all. */
static struct err *change_ones_mind(struct dir *d)
{
    TRY(dir_generation_dissolve(d));
    return publish(d, "1");
}

static void test_turning_back_and_forth_is_never_seen(void **state)
{
    static const struct change change = {make_generations, change_ones_mind, '1',
                                         dir_generation_prepare, 2};

    (void)state;
    walk_all(&change, 30);
}

static void test_prepare_interrupted_anywhere_changes_nothing(void **state)
{
    static const struct change change = {make_generations, dir_generation_prepare, '0',
                                         dir_generation_prepare, 2};

    (void)state;
    walk_all(&change, 10);
}

/* A machine that loses power after the switch must find what was switched to. */
static void test_publish_puts_nothing_into_force_that_is_not_synced(void **state)
{
    (void)state;
    tmp = temp_dir_make();
    CLEANUP(dir_closep) struct dir *d = open_dir();
    arm(FAULT_NONE, 0);
    put_into_force = put_into_force_unsynced = 0;
    memset(unsynced, 0, sizeof(unsynced));
    make_plain(d);
    assert_ok(publish(d, "0")); /* as it is: a generation of hard links only */
    assert_int_equal(put_into_force, 4);
    assert_int_equal(put_into_force_unsynced, 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publish_interrupted_anywhere_leaves_the_old_or_the_new),
        cmocka_unit_test(test_second_publish_interrupted_anywhere_leaves_the_old_or_the_new),
        cmocka_unit_test(test_turning_plain_files_into_links_is_never_seen),
        cmocka_unit_test(test_turning_links_into_plain_files_is_never_seen),
        cmocka_unit_test(test_turning_back_and_forth_is_never_seen),
        cmocka_unit_test(test_prepare_interrupted_anywhere_changes_nothing),
        cmocka_unit_test(test_publish_puts_nothing_into_force_that_is_not_synced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
