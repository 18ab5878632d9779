/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/acl.h"
#include "tests/support/assert_err.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char name_root[] = "root", name_1000[] = "1000", name_7[] = "7";
static char name_unknown[] = "no-such-name-anywhere", name_too_big[] = "4294967295";
static char name_huge[] = "99999999999999999999999", name_empty[] = "", name_signed[] = "-1";

static struct acl_readers resolve(const struct config_reader *names, size_t n)
{
    struct acl_readers readers = {0};

    assert_ok(acl_readers_resolve(names, n, &readers));
    return readers;
}

static void test_resolve_with_names_and_numbers_sorts_and_drops_repeated(void **state)
{
    const struct config_reader names[] = {
        {true, name_root},  {false, name_1000}, {false, name_root},
        {false, name_1000}, {true, name_7},     {false, name_7},
    };
    const struct acl_reader want[] = {{false, 0}, {false, 7}, {false, 1000}, {true, 0}, {true, 7}};
    CLEANUP(acl_readers_release) struct acl_readers got = resolve(names, 6);

    (void)state;
    assert_int_equal(got.len, 5);
    for (size_t i = 0; i < got.len; i++) {
        assert_int_equal(got.items[i].is_group, want[i].is_group);
        assert_int_equal(got.items[i].id, want[i].id);
    }
}

static void test_resolve_with_nobody_is_empty(void **state)
{
    CLEANUP(acl_readers_release) struct acl_readers got = resolve(NULL, 0);

    (void)state;
    assert_int_equal(got.len, 0);
}

static void test_resolve_with_wrong_names_refuses(void **state)
{
    char *const wrong[] = {name_unknown, name_too_big, name_huge, name_empty, name_signed};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct acl_readers got = {0};
        const struct config_reader user = {false, wrong[i]}, group = {true, wrong[i]};
        assert_fails(acl_readers_resolve(&user, 1, &got), ERR_CONFIG, wrong[i]);
        assert_fails(acl_readers_resolve(&group, 1, &got), ERR_CONFIG, wrong[i]);
        assert_null(got.items);
    }
}

static void test_resolve_with_too_many_refuses(void **state)
{
    struct config_reader names[ACL_MAX_READERS + 1];
    struct acl_readers got = {0};

    (void)state;
    for (size_t i = 0; i <= ACL_MAX_READERS; i++)
        names[i] = (struct config_reader){false, name_7};
    assert_fails(acl_readers_resolve(names, ACL_MAX_READERS + 1, &got), ERR_CONFIG, "65");
}

static struct acl_reader two[] = {{false, 1000}, {true, 258}};
static const struct acl_readers two_readers = {two, 2};

/* Byte for byte what the kernel documents: version 2, then tag, rights, id, little-endian. */
static void test_build_for_file_gives_the_kernels_bytes(void **state)
{
    static const uint8_t want[] = {
        2,    0, 0, 0,                         /* version */
        0x01, 0, 6, 0, 0xff, 0xff, 0xff, 0xff, /* owner rw- */
        0x02, 0, 4, 0, 0xe8, 0x03, 0,    0,    /* user 1000 r-- */
        0x04, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, /* group --- */
        0x08, 0, 4, 0, 0x02, 0x01, 0,    0,    /* group 258 r-- */
        0x10, 0, 4, 0, 0xff, 0xff, 0xff, 0xff, /* mask r-- */
        0x20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, /* other --- */
    };
    CLEANUP(buf_release) struct buf acl = BUF_INIT(ACL_MAX_SIZE);

    (void)state;
    assert_ok(acl_build(&two_readers, ACL_FOR_FILE, &acl));
    assert_int_equal(acl.len, sizeof(want));
    assert_memory_equal(acl.data, want, sizeof(want));
}

static void assert_prints(const struct buf *acl, const char *want)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(ACL_MAX_SIZE);

    assert_ok(acl_print(buf_bytes(acl), &text));
    assert_string_equal(buf_str(&text), want);
}

static void test_print_of_built_acls_shows_the_rule(void **state)
{
    CLEANUP(buf_release) struct buf file = BUF_INIT(ACL_MAX_SIZE), dir = BUF_INIT(ACL_MAX_SIZE);

    (void)state;
    assert_ok(acl_build(&two_readers, ACL_FOR_FILE, &file));
    assert_ok(acl_build(&two_readers, ACL_FOR_DIRECTORY, &dir));
    assert_prints(&file, "user::rw-,user:1000:r--,group::---,group:258:r--,mask::r--,other::---");
    assert_prints(&dir, "user::rwx,user:1000:r-x,group::---,group:258:r-x,mask::r-x,other::---");
}

static void test_print_of_damaged_acls_refuses(void **state)
{
    static const struct {
        uint8_t raw[16];
        size_t len;
    } damaged[] = {
        {{0}, 0},
        {{2, 0, 0}, 3},
        {{1, 0, 0, 0}, 4},
        {{2, 0, 0, 0, 1, 0, 6, 0, 0xff, 0xff, 0xff}, 11},
        {{2, 0, 0, 0, 3, 0, 6, 0, 0, 0, 0, 0}, 12},
        {{2, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0, 0}, 12},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(damaged) / sizeof(*damaged); i++) {
        CLEANUP(buf_release) struct buf text = BUF_INIT(ACL_MAX_SIZE);
        struct bytes acl = {damaged[i].raw, damaged[i].len};
        assert_fails(acl_print(acl, &text), ERR_STORAGE, "ACL");
    }
}

/* A file on a filesystem with ACLs; each test that needs one is skipped elsewhere. */
struct file {
    char path[64];
    int fd;
};

static int set_up(void **state)
{
    struct file *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    snprintf(f->path, sizeof(f->path), "/tmp/tbot_acl_XXXXXX");
    f->fd = mkstemp(f->path);
    assert_true(f->fd >= 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct file *f = *state;

    close(f->fd);
    unlink(f->path);
    free(f);
    return 0;
}

static void skip_without_acls(const struct file *f)
{
    CLEANUP(buf_release) struct buf acl = BUF_INIT(ACL_MAX_SIZE);
    struct err *e = acl_get(f->fd, &acl);

    if (!e)
        return;
    err_free(e);
    skip();
}

static void skip_without(const char *program)
{
    if (access(program, X_OK))
        skip();
}

static void test_ensure_sets_once_and_reads_back_the_same(void **state)
{
    const struct file *f = *state;
    CLEANUP(buf_release) struct buf want = BUF_INIT(ACL_MAX_SIZE), got = BUF_INIT(ACL_MAX_SIZE);
    bool changed = false;
    struct stat st;

    skip_without_acls(f);
    assert_ok(acl_get(f->fd, &got));
    assert_int_equal(got.len, 0);
    assert_ok(acl_build(&two_readers, ACL_FOR_FILE, &want));
    assert_ok(acl_ensure(f->fd, buf_bytes(&want), &changed));
    assert_true(changed);
    assert_ok(acl_ensure(f->fd, buf_bytes(&want), &changed));
    assert_false(changed);
    assert_ok(acl_get(f->fd, &got));
    assert_int_equal(got.len, want.len);
    assert_memory_equal(got.data, want.data, want.len);
    assert_int_equal(fstat(f->fd, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640); /* the mask stands where the group's bits were */
}

static void test_ensure_where_no_acls_are_kept_fails(void **state)
{
    CLEANUP(closep) int fd = open("/proc/version", O_RDONLY | O_CLOEXEC);
    CLEANUP(buf_release) struct buf acl = BUF_INIT(ACL_MAX_SIZE);
    bool changed = false;

    (void)state;
    assert_true(fd >= 0);
    assert_ok(acl_build(&two_readers, ACL_FOR_FILE, &acl));
    assert_fails(acl_ensure(fd, buf_bytes(&acl), &changed), ERR_STORAGE, "the ACL: ");
}

/* Runs a program with up to three arguments; its output, NUL-terminated. */
static bool run(const char *program, const char *a, const char *b, const char *c, char *out,
                size_t size)
{
    int ends[2], status = 0;
    size_t at = 0;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl(program, program, a, b, c, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    for (ssize_t n = 1; n > 0 && at<size - 1; at += n> 0 ? (size_t)n : 0)
        n = read(ends[0], out + at, size - 1 - at);
    out[at] = '\0';
    close(ends[0]);
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_getfacl_of_our_acl_shows_what_we_print(void **state)
{
    const struct file *f = *state;
    CLEANUP(buf_release) struct buf acl = BUF_INIT(ACL_MAX_SIZE), text = BUF_INIT(ACL_MAX_SIZE);
    bool changed = false;
    char theirs[1024];

    skip_without_acls(f);
    skip_without("/usr/bin/getfacl");
    assert_ok(acl_build(&two_readers, ACL_FOR_FILE, &acl));
    assert_ok(acl_ensure(f->fd, buf_bytes(&acl), &changed));
    assert_ok(acl_print(buf_bytes(&acl), &text));
    assert_true(run("/usr/bin/getfacl", "-cpnE", "--", f->path, theirs, sizeof(theirs)));
    for (char *at = theirs; (at = strchr(at, '\n')); at++)
        *at = at[1] == '\n' || !at[1] ? '\0' : ',';
    assert_string_equal(theirs, buf_str(&text));
}

static void test_ensure_of_what_setfacl_made_changes_nothing(void **state)
{
    const struct file *f = *state;
    CLEANUP(buf_release) struct buf acl = BUF_INIT(ACL_MAX_SIZE), text = BUF_INIT(ACL_MAX_SIZE);
    bool changed = true;
    char ignored[1024];

    skip_without_acls(f);
    skip_without("/usr/bin/setfacl");
    assert_ok(acl_build(&two_readers, ACL_FOR_FILE, &acl));
    assert_ok(acl_print(buf_bytes(&acl), &text));
    assert_true(
        run("/usr/bin/setfacl", "--set", buf_str(&text), f->path, ignored, sizeof(ignored)));
    assert_ok(acl_ensure(f->fd, buf_bytes(&acl), &changed));
    assert_false(changed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolve_with_names_and_numbers_sorts_and_drops_repeated),
        cmocka_unit_test(test_resolve_with_nobody_is_empty),
        cmocka_unit_test(test_resolve_with_wrong_names_refuses),
        cmocka_unit_test(test_resolve_with_too_many_refuses),
        cmocka_unit_test(test_build_for_file_gives_the_kernels_bytes),
        cmocka_unit_test(test_print_of_built_acls_shows_the_rule),
        cmocka_unit_test(test_print_of_damaged_acls_refuses),
        cmocka_unit_test_setup_teardown(test_ensure_sets_once_and_reads_back_the_same, set_up,
                                        tear_down),
        cmocka_unit_test(test_ensure_where_no_acls_are_kept_fails),
        cmocka_unit_test_setup_teardown(test_getfacl_of_our_acl_shows_what_we_print, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_ensure_of_what_setfacl_made_changes_nothing, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
