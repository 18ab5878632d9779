/* SPDX-License-Identifier: Apache-2.0 */
#include "base/landlock.h"

#include "tests/support/assert_err.h"
#include "tests/support/child.h"
#include "tests/support/temp_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define FAILED 200 /* what no errno is */

/* A directory `in`, with one right, and a directory `out` beside it, both with a file `f` and a directory `d`. */
struct world {
    struct temp_dir tmp;
    unsigned rights;
    int version;
    int (*try)(const struct world *w);
};

static struct world make(unsigned rights, int (*try)(const struct world *w))
{
    struct world w = {
        .tmp = temp_dir_make(), .rights = rights, .version = landlock_version(), .try = try};
    if (!w.version) {
        temp_dir_remove(&w.tmp);
        print_message("this kernel has no Landlock\n");
        skip();
    }
    static const char *const dirs[] = {"in", "out", "in/d", "out/d"};
    for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
        assert_int_equal(mkdir(temp_dir_join(&w.tmp, dirs[i]), 0700), 0);
    temp_dir_write(&w.tmp, "in/f", "1");
    temp_dir_write(&w.tmp, "out/f", "2");
    return w;
}

static struct err *enter(const struct world *w)
{
    CLEANUP(landlock_release) struct landlock l = LANDLOCK_NONE;
    CLEANUP(closep) int dir = open("in", O_PATH | O_CLOEXEC);
    TRY(landlock_init(&l, w->version, true));
    TRY(landlock_allow(&l, dir, w->rights));
    return landlock_enter(&l);
}

static int in_child(void *arg)
{
    struct world *w = arg;
    if (chdir(w->tmp.path) != 0)
        return FAILED;
    struct err *e = enter(w);
    if (e) {
        fprintf(stderr, "%s\n", err_text(e));
        return FAILED;
    }
    return w->try(w);
}

/* 0 or errno of what `try` did where `in` has `rights`. */
static int outcome(unsigned rights, int (*try)(const struct world *w))
{
    CLEANUP(temp_dir_remove) struct temp_dir tmp = {0};
    struct world w = make(rights, try);
    tmp = w.tmp;
    return child_run(in_child, &w);
}

static int open_as(const char *path, int flags)
{
    CLEANUP(closep) int fd = open(path, flags | O_CLOEXEC, 0600);
    return fd < 0 ? errno : 0;
}

static int error_of(int result)
{
    return result == 0 ? 0 : errno;
}

#define TRY_IT(name_, expression_)                                                                 \
    static int name_(const struct world *w)                                                        \
    {                                                                                              \
        (void)w;                                                                                   \
        return expression_;                                                                        \
    }

TRY_IT(read_in, open_as("in/f", O_RDONLY))
TRY_IT(read_out, open_as("out/f", O_RDONLY))
TRY_IT(list_in, open_as("in", O_RDONLY | O_DIRECTORY))
TRY_IT(list_out, open_as("out", O_RDONLY | O_DIRECTORY))
TRY_IT(list_root, open_as("/", O_RDONLY | O_DIRECTORY))
TRY_IT(write_in, open_as("in/f", O_WRONLY))
TRY_IT(write_out, open_as("out/f", O_WRONLY))
TRY_IT(cut_in, open_as("in/f", O_WRONLY | O_TRUNC))
TRY_IT(cut_out, error_of(truncate("out/f", 0)))
TRY_IT(make_in, open_as("in/new", O_WRONLY | O_CREAT))
TRY_IT(make_out, open_as("out/new", O_WRONLY | O_CREAT))
TRY_IT(make_below, open_as("in/d/new", O_WRONLY | O_CREAT))
TRY_IT(remove_in, error_of(unlink("in/f")))
TRY_IT(remove_out, error_of(unlink("out/f")))
TRY_IT(rename_in, error_of(rename("in/f", "in/g")))
TRY_IT(move_below, error_of(link("in/f", "in/d/f")))
TRY_IT(move_out, error_of(rename("in/f", "out/g")))
TRY_IT(dir_in, error_of(mkdir("in/e", 0700)) + error_of(rmdir("in/e")))
TRY_IT(dir_out, error_of(mkdir("out/e", 0700)))
TRY_IT(link_in, error_of(symlink("x", "in/s")))
TRY_IT(link_out, error_of(symlink("x", "out/s")))
TRY_IT(pipe_in, error_of(mkfifo("in/p", 0600)))
TRY_IT(look_out, error_of(access("out/f", R_OK)))
TRY_IT(execute, error_of(execl("/bin/true", "true", (char *)NULL)))
TRY_IT(signal_parent, error_of(kill(getppid(), 0)))
TRY_IT(signal_self, error_of(kill(getpid(), 0)))
TRY_IT(has_no_new_privileges, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0))

static int bind_at(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    CLEANUP(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
    return error_of(bind(fd, (const struct sockaddr *)&a, sizeof(a)));
}

TRY_IT(listen_in, bind_at("in/sock"))
TRY_IT(listen_out, bind_at("out/sock"))

static void test_what_is_not_allowed_is_denied(void **state)
{
    (void)state;
    unsigned all = LANDLOCK_READ | LANDLOCK_WRITE | LANDLOCK_LISTEN;
    assert_int_equal(outcome(all, read_out), EACCES);
    assert_int_equal(outcome(all, list_out), EACCES);
    assert_int_equal(outcome(all, list_root), EACCES);
    assert_int_equal(outcome(all, write_out), EACCES);
    assert_int_equal(outcome(all, make_out), EACCES);
    assert_int_equal(outcome(all, remove_out), EACCES);
    assert_int_equal(outcome(all, dir_out), EACCES);
    assert_int_equal(outcome(all, link_out), EACCES);
    assert_int_equal(outcome(all, listen_out), EACCES);
    assert_int_equal(outcome(all, pipe_in), EACCES);
    assert_int_not_equal(outcome(all, move_out), 0);
    assert_int_equal(outcome(all, execute), EACCES);
    assert_int_equal(outcome(all, look_out), 0); /* as the header says */
}

static void test_reading_is_no_writing(void **state)
{
    (void)state;
    assert_int_equal(outcome(LANDLOCK_READ, read_in), 0);
    assert_int_equal(outcome(LANDLOCK_READ, list_in), 0);
    assert_int_equal(outcome(LANDLOCK_READ, write_in), EACCES);
    assert_int_equal(outcome(LANDLOCK_READ, make_in), EACCES);
    assert_int_equal(outcome(LANDLOCK_READ, remove_in), EACCES);
    assert_int_equal(outcome(LANDLOCK_READ, listen_in), EACCES);
}

static void test_writing_is_all_that_directories_of_ours_need(void **state)
{
    (void)state;
    assert_int_equal(outcome(LANDLOCK_WRITE, write_in), 0);
    assert_int_equal(outcome(LANDLOCK_WRITE, cut_in), 0);
    assert_int_equal(outcome(LANDLOCK_WRITE, make_in), 0);
    assert_int_equal(outcome(LANDLOCK_WRITE, make_below), 0);
    assert_int_equal(outcome(LANDLOCK_WRITE, remove_in), 0);
    assert_int_equal(outcome(LANDLOCK_WRITE, rename_in), 0);
    assert_int_equal(outcome(LANDLOCK_WRITE, dir_in), 0);
    assert_int_equal(outcome(LANDLOCK_WRITE, link_in), 0);
    assert_int_equal(outcome(LANDLOCK_WRITE, read_in), EACCES);
    assert_int_equal(outcome(LANDLOCK_WRITE, listen_in), EACCES);
    if (landlock_version() >= LANDLOCK_VERSION_MOVES)
        assert_int_equal(outcome(LANDLOCK_WRITE, move_below), 0);
}

static void test_listening_makes_and_removes_sockets(void **state)
{
    (void)state;
    assert_int_equal(outcome(LANDLOCK_LISTEN, listen_in), 0);
    assert_int_equal(outcome(LANDLOCK_LISTEN, list_in), 0);
    assert_int_equal(outcome(LANDLOCK_LISTEN, remove_in), 0);
    assert_int_equal(outcome(LANDLOCK_LISTEN, make_in), EACCES);
    assert_int_equal(outcome(LANDLOCK_LISTEN, read_in), EACCES);
}

static void test_it_is_the_end_of_new_privileges_and_of_signals_to_others(void **state)
{
    (void)state;
    assert_int_equal(outcome(LANDLOCK_READ, has_no_new_privileges), 1);
    assert_int_equal(outcome(LANDLOCK_READ, signal_self), 0);
    if (landlock_version() >= 6)
        assert_int_equal(outcome(LANDLOCK_READ, signal_parent), EPERM);
}

/* What an older kernel has: its rights, and no error for those it does not know. */
static void test_each_version_works(void **state)
{
    (void)state;
    for (int version = 1; version <= landlock_version(); version++) {
        CLEANUP(temp_dir_remove) struct temp_dir tmp = {0};
        struct world w = make(LANDLOCK_READ | LANDLOCK_WRITE, make_in);
        tmp = w.tmp;
        w.version = version;
        assert_int_equal(child_run(in_child, &w), 0);
        w.try = make_out;
        assert_int_equal(child_run(in_child, &w), EACCES);
        w.try = move_below;
        assert_int_equal(child_run(in_child, &w), version >= LANDLOCK_VERSION_MOVES ? 0 : EXDEV);
        w.try = cut_out;
        assert_int_equal(child_run(in_child, &w), version >= 3 ? EACCES : 0);
    }
}

static int allow_a_file(void *arg)
{
    const struct temp_dir *tmp = arg;
    CLEANUP(landlock_release) struct landlock l = LANDLOCK_NONE;
    if (chdir(tmp->path) != 0)
        return FAILED;
    CLEANUP(closep) int fd = open("f", O_PATH | O_CLOEXEC);
    struct err *e = landlock_init(&l, landlock_version(), false);
    if (!e)
        e = landlock_allow(&l, fd, LANDLOCK_READ | LANDLOCK_WRITE | LANDLOCK_LISTEN);
    if (!e)
        e = landlock_enter(&l);
    return e ? FAILED : open_as("f", O_RDWR);
}

static void test_a_file_can_be_allowed_too(void **state)
{
    (void)state;
    if (!landlock_version())
        skip();
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    temp_dir_write(&tmp, "f", "1");
    assert_int_equal(child_run(allow_a_file, &tmp), 0);
}

static void test_a_kernel_without_it_is_told(void **state)
{
    (void)state;
    CLEANUP(landlock_release) struct landlock l = LANDLOCK_NONE;
    assert_fails(landlock_init(&l, 0, true), ERR_UNIMPLEMENTED, "no Landlock");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_allowed_is_denied),
        cmocka_unit_test(test_reading_is_no_writing),
        cmocka_unit_test(test_writing_is_all_that_directories_of_ours_need),
        cmocka_unit_test(test_listening_makes_and_removes_sockets),
        cmocka_unit_test(test_it_is_the_end_of_new_privileges_and_of_signals_to_others),
        cmocka_unit_test(test_each_version_works),
        cmocka_unit_test(test_a_file_can_be_allowed_too),
        cmocka_unit_test(test_a_kernel_without_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
