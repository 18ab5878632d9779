/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks one renewal through every call that changes the disk, and fails that call or dies in it. The
 * result must be the old identity, with the renewal known to be open, or the new one; never neither.
 */
#include "identity/store.h"

#include "tests/support/assert_err.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/temp_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define FLAT_FILES                                                                                 \
    ".write-test key key-cert.pub key.pub lock sshcacerts tlscacerts tlscert tokenhash"

/* Far more calls than one renewal makes. */
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
} disk;

static void arm(enum fault fault, unsigned at)
{
    disk.fault = fault;
    disk.at = at;
    disk.calls = 0;
}

/* Counts one call; whether it must fail, with errno set. */
static bool must_fail(bool needs_space)
{
    unsigned call = disk.calls++;
    errno = disk.fault == FAULT_DEAD ? EIO : ENOSPC;
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

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __real_openat(int fd, const char *name, int flags, ...);
ssize_t __real_pwrite(int fd, const void *data, size_t len, off_t at);
int __real_fsync(int fd);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_unlinkat(int fd, const char *name, int flags);
int __real_posix_fallocate(int fd, off_t at, off_t len);

int __wrap_openat(int fd, const char *name, int flags, mode_t mode);
ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at);
int __wrap_fsync(int fd);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_unlinkat(int fd, const char *name, int flags);
int __wrap_posix_fallocate(int fd, off_t at, off_t len);

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
    /* Dying in a write leaves a part of it. */
    if (disk.fault == FAULT_DEAD && last)
        (void)!__real_pwrite(fd, data, len / 2, at);
    errno = disk.fault == FAULT_DEAD ? EIO : ENOSPC;
    return -1;
}

int __wrap_fsync(int fd)
{
    return must_fail(false) ? -1 : __real_fsync(fd);
}

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return must_fail(false) ? -1 : __real_renameat(from_fd, from, to_fd, to);
}

int __wrap_unlinkat(int fd, const char *name, int flags)
{
    return must_fail(false) ? -1 : __real_unlinkat(fd, name, flags);
}

int __wrap_posix_fallocate(int fd, off_t at, off_t len)
{
    return must_fail(true) ? ENOSPC : __real_posix_fallocate(fd, at, len);
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* The two identities, made once: what differs from run to run is the disk. */
static struct credentials *before, *after;

static int make_identities(void **state)
{
    (void)state;
    before = fixture_credentials(&(struct fixture){.generation = 1});
    after = fixture_credentials(
        &(struct fixture){.generation = 2, .not_before = FIXTURE_NOT_BEFORE + 60});
    return 0;
}

static int free_identities(void **state)
{
    (void)state;
    credentials_free(before);
    credentials_free(after);
    return 0;
}

static struct store *open_store(const char *path)
{
    struct store *s = NULL;
    assert_ok(store_open(&(struct store_config){.path = path}, &s));
    return s;
}

static int64_t stored_generation(struct store *s)
{
    CLEANUP(credentials_freep) struct credentials *c = NULL;
    char tokenhash[SHA256_HEX_SIZE];
    assert_ok(store_load(s, &c, tokenhash));
    assert_string_equal(tokenhash, HASH);
    return credentials_subject(c)->generation;
}

static struct store *open_with_identity(const char *path)
{
    struct store *s = open_store(path);
    assert_ok(store_commit(s, before, HASH));
    return s;
}

/* How far a renewal came. */
enum reached {
    REACHED_NOTHING,
    REACHED_BEGIN,
    REACHED_COMMIT,
};

static enum reached renew(struct store *s)
{
    CLEANUP(err_freep)
    struct err *begin = store_begin_renewal(s, 1, credentials_key(after), wall_of_unix(1000));
    if (begin)
        return REACHED_NOTHING;
    CLEANUP(err_freep) struct err *commit = store_commit(s, after, HASH);
    return commit ? REACHED_BEGIN : REACHED_COMMIT;
}

static void assert_is_clean(struct temp_dir *tmp)
{
    CLEANUP(freep) char *list = temp_dir_list(tmp);
    assert_string_equal(list, FLAT_FILES);
}

/* After the death: what the next start finds. */
static void check_next_start(const char *path, enum reached reached)
{
    CLEANUP(store_closep) struct store *s = open_store(path);
    int64_t generation = stored_generation(s);
    const struct store_renewal *r = store_open_renewal(s);
    if (reached == REACHED_COMMIT)
        assert_int_equal(generation, 2);
    if (reached == REACHED_NOTHING)
        assert_int_equal(generation, 1);
    /* A request was sent: either its reply is there, or it is known that one may be outstanding. */
    if (reached == REACHED_BEGIN && generation == 1) {
        assert_non_null(r);
        assert_int_equal(r->generation, 1);
        assert_true(key_equals(r->key, credentials_key(after)));
    }
    if (generation == 2)
        assert_null(r);
    assert_true(store_is_settled(s));
    assert_ok(store_abort_renewal(s));
}

/* Whether the renewal was through before the N-th call. */
static bool die_in_call(unsigned n)
{
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *s = open_with_identity(tmp.path);
    arm(FAULT_DEAD, n);
    enum reached reached = renew(s);
    bool through = disk.calls <= n;
    store_close(s);
    arm(FAULT_NONE, 0);
    check_next_start(tmp.path, reached);
    CLEANUP(freep) char *list = temp_dir_list(&tmp);
    assert_null(strstr(list, "renewal."));
    assert_null(strstr(list, ".tmp"));
    if (through)
        assert_int_equal(reached, REACHED_COMMIT);
    return through;
}

static void test_death_in_any_call_leaves_the_old_or_the_new(void **state)
{
    (void)state;
    unsigned n = 0;
    while (n < CALLS_MAX && !die_in_call(n))
        n++;
    assert_in_range(n, 20, CALLS_MAX - 1);
}

/* The start after a death may die too. */
static bool die_in_recovery(unsigned n)
{
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *s = open_with_identity(tmp.path);
    /* The journal is committed, the flat files are not written: the first call after its rename. */
    unsigned last = 0;
    do {
        arm(FAULT_DEAD, last++);
    } while (renew(s) != REACHED_COMMIT);
    store_close(s);
    arm(FAULT_DEAD, n);
    struct store *second = NULL;
    err_free(store_open(&(struct store_config){.path = tmp.path}, &second));
    bool through = disk.calls <= n;
    store_close(second);
    arm(FAULT_NONE, 0);
    check_next_start(tmp.path, REACHED_COMMIT);
    return through;
}

static void test_death_in_recovery_still_leaves_the_new(void **state)
{
    (void)state;
    unsigned n = 0;
    while (n < CALLS_MAX && !die_in_recovery(n))
        n++;
    assert_in_range(n, 10, CALLS_MAX - 1);
}

static void begin_at_last(struct store *s)
{
    struct err *e = store_begin_renewal(s, 1, credentials_key(after), wall_of_unix(1000));
    if (!e)
        return;
    assert_int_equal(err_code(e), ERR_STORAGE);
    assert_null(store_open_renewal(s));
    err_free(e);
    assert_int_equal(stored_generation(s), 1);
    assert_ok(store_begin_renewal(s, 1, credentials_key(after), wall_of_unix(1000)));
}

static void commit_at_last(struct store *s)
{
    struct err *e = store_commit(s, after, HASH);
    if (!e)
        return;
    assert_int_equal(err_code(e), ERR_STORAGE);
    err_free(e);
    assert_non_null(store_open_renewal(s));
    assert_ok(store_commit(s, after, HASH));
}

static bool fail_call(unsigned n)
{
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *s = open_with_identity(tmp.path);
    arm(FAULT_ONE, n);
    begin_at_last(s);
    commit_at_last(s);
    bool through = disk.calls <= n;
    arm(FAULT_NONE, 0);
    assert_int_equal(stored_generation(s), 2);
    assert_ok(store_settle(s));
    assert_true(store_is_settled(s));
    assert_int_equal(stored_generation(s), 2);
    store_close(s);
    assert_is_clean(&tmp);
    return through;
}

static void test_failure_of_any_call_is_made_good_by_calling_again(void **state)
{
    (void)state;
    unsigned n = 0;
    while (n < CALLS_MAX && !fail_call(n))
        n++;
    assert_in_range(n, 20, CALLS_MAX - 1);
}

/* The disk fills up in the N-th call of begin. Whether there was no such call. */
static bool fill_up_in_begin(struct store *s, struct temp_dir *tmp, unsigned n)
{
    arm(FAULT_FULL, n);
    CLEANUP(err_freep)
    struct err *e = store_begin_renewal(s, 1, credentials_key(after), wall_of_unix(1000));
    arm(FAULT_NONE, 0);
    if (!e)
        return true;
    assert_int_equal(err_code(e), ERR_STORAGE);
    assert_int_equal(err_errno(e), ENOSPC);
    assert_non_null(err_hint(e));
    assert_null(store_open_renewal(s));
    assert_is_clean(tmp);
    return false;
}

static void test_begin_when_the_disk_is_full_changes_nothing(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(store_closep) struct store *s = open_with_identity(tmp.path);
    unsigned n = 0;
    assert_ok(store_begin_renewal(s, 1, NULL, wall_of_unix(1000))); /* makes .write-test */
    assert_ok(store_abort_renewal(s));
    while (n < CALLS_MAX && !fill_up_in_begin(s, &tmp, n))
        n++;
    assert_in_range(n, 3, CALLS_MAX - 1);
    assert_int_equal(stored_generation(s), 1);
}

/* The reply comes, and the space that was reserved for it has been taken by somebody else. */
static void test_commit_when_the_disk_is_full_keeps_the_old_and_the_journal(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *s = open_with_identity(tmp.path);
    assert_ok(store_begin_renewal(s, 1, credentials_key(after), wall_of_unix(1000)));
    arm(FAULT_FULL, 0);
    assert_fails(store_commit(s, after, HASH), ERR_STORAGE, "storing the new identity");
    arm(FAULT_NONE, 0);
    assert_non_null(store_open_renewal(s));
    store_close(s);
    check_next_start(tmp.path, REACHED_BEGIN);
}

/* The journal found room, the flat files did not. */
static void test_commit_when_only_the_journal_fits_is_durable(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    struct store *s = open_with_identity(tmp.path);
    bool seen = false;
    for (unsigned n = 0; n < CALLS_MAX && !seen; n++) {
        assert_ok(store_begin_renewal(s, 1, credentials_key(after), wall_of_unix(1000)));
        arm(FAULT_FULL, n);
        CLEANUP(err_freep) struct err *e = store_commit(s, after, HASH);
        arm(FAULT_NONE, 0);
        seen = !e && !store_is_settled(s);
    }
    assert_true(seen);
    assert_int_equal(stored_generation(s), 2);
    CLEANUP(strlist_release) struct strlist notes = {0};
    store_take_notes(s, &notes);
    assert_int_equal(notes.len, 1);
    assert_non_null(strstr(notes.items[0], "only in the journal"));
    /* The next renewal writes them first: its own journal would cover the only copy. */
    arm(FAULT_FULL, 0);
    assert_fails(store_begin_renewal(s, 2, NULL, wall_of_unix(2000)), ERR_STORAGE, "");
    arm(FAULT_NONE, 0);
    assert_int_equal(stored_generation(s), 2);
    assert_ok(store_begin_renewal(s, 2, NULL, wall_of_unix(2000)));
    assert_true(store_is_settled(s));
    assert_ok(store_abort_renewal(s));
    store_close(s);
    assert_is_clean(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_death_in_any_call_leaves_the_old_or_the_new),
        cmocka_unit_test(test_death_in_recovery_still_leaves_the_new),
        cmocka_unit_test(test_failure_of_any_call_is_made_good_by_calling_again),
        cmocka_unit_test(test_begin_when_the_disk_is_full_changes_nothing),
        cmocka_unit_test(test_commit_when_the_disk_is_full_keeps_the_old_and_the_journal),
        cmocka_unit_test(test_commit_when_only_the_journal_fits_is_durable),
    };
    return cmocka_run_group_tests(tests, make_identities, free_identities);
}
