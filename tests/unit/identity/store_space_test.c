/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Disk space as a number: what is written takes of it, what is removed or replaced gives back. A reply
 * that the cluster sends only once must find room, whatever others did with the disk meanwhile.
 */
#include "identity/store.h"

#include "tests/support/assert_err.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/temp_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PLENTY (4L << 20)

static long space;

static bool take(long size)
{
    if (size > space) {
        errno = ENOSPC;
        return false;
    }
    space -= size;
    return true;
}

static void give_back(int dirfd, const char *name)
{
    struct stat st;

    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
        space += st.st_size;
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
ssize_t __real_pwrite(int fd, const void *data, size_t len, off_t at);
int __real_posix_fallocate(int fd, off_t at, off_t len);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_unlinkat(int fd, const char *name, int flags);

ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at);
int __wrap_posix_fallocate(int fd, off_t at, off_t len);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_unlinkat(int fd, const char *name, int flags);

ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at)
{
    return take((long)len) ? __real_pwrite(fd, data, len, at) : -1;
}

int __wrap_posix_fallocate(int fd, off_t at, off_t len)
{
    return take((long)len) ? __real_posix_fallocate(fd, at, len) : ENOSPC;
}

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    give_back(to_fd, to);
    return __real_renameat(from_fd, from, to_fd, to);
}

int __wrap_unlinkat(int fd, const char *name, int flags)
{
    give_back(fd, name);
    return __real_unlinkat(fd, name, flags);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

struct given {
    struct temp_dir tmp;
    struct store *store;
    struct credentials *next;
};

static int set_up(void **state)
{
    struct given *g = calloc(1, sizeof(*g));
    assert_non_null(g);
    g->tmp = temp_dir_make();
    space = PLENTY;
    assert_ok(store_open(&(struct store_config){.path = g->tmp.path}, &g->store));
    CLEANUP(credentials_freep)
    struct credentials *first = fixture_credentials(&(struct fixture){.generation = 1});
    assert_ok(store_commit(g->store, first, HASH));
    g->next = fixture_credentials(
        &(struct fixture){.generation = 2, .not_before = FIXTURE_NOT_BEFORE + 60});
    *state = g;
    return 0;
}

static int tear_down(void **state)
{
    struct given *g = *state;
    credentials_free(g->next);
    store_close(g->store);
    temp_dir_remove(&g->tmp);
    free(g);
    return 0;
}

static struct err *begin(const struct given *g)
{
    return store_begin_renewal(g->store, 1, credentials_key(g->next), wall_of_unix(1000));
}

static int64_t stored_generation(const struct given *g)
{
    CLEANUP(credentials_freep) struct credentials *c = NULL;
    char tokenhash[SHA256_HEX_SIZE];
    assert_ok(store_load(g->store, &c, tokenhash));
    return credentials_subject(c)->generation;
}

static void test_begin_takes_the_space_for_the_reply(void **state)
{
    struct given *g = *state;
    struct stat st;
    assert_ok(begin(g));
    assert_int_equal(stat(temp_dir_join(&g->tmp, "renewal.reserve"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_true(st.st_size >= 256L << 10);
    assert_true(st.st_blocks * 512L >= st.st_size);
    assert_true(space <= PLENTY - st.st_size);
}

static void test_begin_without_the_space_fails_and_takes_none(void **state)
{
    struct given *g = *state;
    for (space = 0; space < 256L << 10; space += 32L << 10) {
        long before = space;
        assert_fails(begin(g), ERR_STORAGE, "No space left");
        assert_null(store_open_renewal(g->store));
        assert_int_equal(space, before);
    }
    assert_int_equal(stored_generation(g), 1);
}

static void test_commit_finds_room_though_others_filled_the_disk_since(void **state)
{
    struct given *g = *state;
    assert_ok(begin(g));
    space = 0;
    assert_ok(store_commit(g->store, g->next, HASH));
    assert_true(store_is_settled(g->store));
    assert_int_equal(stored_generation(g), 2);
    assert_false(temp_dir_has(&g->tmp, "renewal.reserve"));
}

/* What makes the test above pass is the reserve, and nothing else. */
static void test_commit_without_the_reserve_finds_none(void **state)
{
    struct given *g = *state;
    assert_ok(begin(g));
    temp_dir_delete(&g->tmp, "renewal.reserve");
    space = 0;
    assert_fails(store_commit(g->store, g->next, HASH), ERR_STORAGE, "No space left");
    assert_non_null(store_open_renewal(g->store));
    assert_int_equal(stored_generation(g), 1);
}

static void test_check_room_gives_the_space_back(void **state)
{
    struct given *g = *state;
    assert_ok(store_check_room(g->store));
    long before = space;
    assert_ok(store_check_room(g->store));
    assert_int_equal(space, before);
    space = 1024;
    assert_fails(store_check_room(g->store), ERR_STORAGE, "No space left");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_begin_takes_the_space_for_the_reply),
        TEST(test_begin_without_the_space_fails_and_takes_none),
        TEST(test_commit_finds_room_though_others_filled_the_disk_since),
        TEST(test_commit_without_the_reserve_finds_none),
        TEST(test_check_room_gives_the_space_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
