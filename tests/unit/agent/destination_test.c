/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/destination.h"
#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>

struct place {
    struct temp_dir tmp;
    char *path; /* tmp + "/out", not made yet */
    struct config_destination config;
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    p->tmp = temp_dir_make();
    assert_true(asprintf(&p->path, "%s/out", p->tmp.path) > 0);
    p->config = (struct config_destination){.type = CONFIG_DESTINATION_DIRECTORY, .path = p->path};
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;

    assert_int_equal(seteuid(getuid()), 0);
    (void)chmod(p->path, 0700);
    temp_dir_remove(&p->tmp);
    free(p->path);
    free(p);
    return 0;
}

static struct destination *make(const struct config_destination *config)
{
    struct destination *d = NULL;

    assert_ok(destination_new(config, entropy_system(), &d));
    return d;
}

static struct destination *make_prepared(const struct config_destination *config)
{
    struct destination *d = make(config);
    CLEANUP(destination_report_release) struct destination_report report = {0};

    assert_ok(destination_prepare(d, &report));
    assert_int_equal(report.warnings.len, 0);
    assert_false(report.in_place);
    return d;
}

static struct dir_file file(const char *name, const char *content)
{
    return (struct dir_file){.name = name, .content = bytes_of_str(content), .mode = 0600};
}

/* Publishes one file that nothing goes wrong with; how many changed. */
static unsigned publish(struct destination *d, const char *name, const char *content)
{
    CLEANUP(destination_report_release) struct destination_report report = {0};
    struct dir_file f = file(name, content);

    assert_ok(destination_publish(d, &f, 1, &report));
    assert_false(report.in_place);
    return report.changed;
}

static void assert_reads(struct destination *d, const char *name, const char *want)
{
    CLEANUP(secret_freep) struct secret *got = NULL;

    assert_ok(destination_read(d, name, &got));
    assert_string_equal(secret_str(got), want);
}

static struct stat look(const struct place *p, const char *name)
{
    CLEANUP(freep) char *path = NULL;
    struct stat st;

    assert_true(asprintf(&path, "%s/%s", p->path, name) > 0);
    assert_int_equal(lstat(path, &st), 0);
    return st;
}

static void put(const struct place *p, const char *name, const char *content)
{
    CLEANUP(freep) char *path = NULL;

    assert_true(asprintf(&path, "%s/%s", p->path, name) > 0);
    CLEANUP(closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
}

/* In both kinds the same holds. */
static void check_publish_and_read(struct destination *d)
{
    CLEANUP(destination_report_release) struct destination_report report = {0};
    CLEANUP(secret_freep) struct secret *none = NULL;
    struct dir_file both[] = {file("a", "one"), file("b", "")};

    assert_ok(destination_publish(d, both, 2, &report));
    assert_int_equal(report.changed, 2);
    assert_reads(d, "a", "one");
    assert_reads(d, "b", "");
    assert_int_equal(publish(d, "a", "one"), 0);
    assert_int_equal(publish(d, "a", "two"), 1);
    assert_int_equal(publish(d, "c", "three"), 1);
    assert_reads(d, "a", "two");
    assert_reads(d, "b", "");
    assert_fails(destination_read(d, "missing", &none), ERR_NOT_FOUND, "missing");
}

static void test_memory_publish_then_read_gives_the_files(void **state)
{
    const struct config_destination config = {.type = CONFIG_DESTINATION_MEMORY};
    CLEANUP(destination_freep) struct destination *d = make_prepared(&config);

    (void)state;
    check_publish_and_read(d);
    assert_string_equal(destination_text(d), "memory");
    assert_null(destination_dir(d));
}

static void test_directory_publish_then_read_gives_the_files(void **state)
{
    const struct place *p = *state;
    CLEANUP(destination_freep) struct destination *d = make_prepared(&p->config);

    check_publish_and_read(d);
    assert_string_equal(destination_dir(d), p->path);
    assert_non_null(strstr(destination_text(d), p->path));
}

static void test_new_without_kind_refuses(void **state)
{
    const struct config_destination config = {.type = CONFIG_DESTINATION_NONE};
    struct destination *d = NULL;

    (void)state;
    assert_fails(destination_new(&config, entropy_system(), &d), ERR_BUG, "kind");
    assert_null(d);
}

static void test_new_with_relative_path_makes_it_absolute(void **state)
{
    char path[] = "some/where";
    const struct config_destination config = {.type = CONFIG_DESTINATION_DIRECTORY, .path = path};
    CLEANUP(destination_freep) struct destination *d = make(&config);
    CLEANUP(freep) char *here = getcwd(NULL, 0);
    CLEANUP(freep) char *want = NULL;

    (void)state;
    assert_true(asprintf(&want, "%s/some/where", here) > 0);
    assert_string_equal(destination_dir(d), want);
}

static void test_prepare_makes_private_directories_and_writes(void **state)
{
    struct place *p = *state;
    CLEANUP(freep) char *outer = p->path;

    assert_true(asprintf(&p->path, "%s/deep/er", outer) > 0);
    p->config.path = p->path;
    for (int start = 0; start < 3; start++) {
        struct destination *d = make_prepared(&p->config);
        destination_free(d);
        assert_int_equal(look(p, ".write-test").st_size, start % 2);
    }
    assert_int_equal(look(p, ".").st_mode & 07777, 0700);
    assert_int_equal(look(p, "..").st_mode & 07777, 0700);
    assert_int_equal(look(p, ".write-test").st_mode & 07777, 0600);
}

static void test_prepare_where_a_file_stands_fails(void **state)
{
    const struct place *p = *state;
    CLEANUP(destination_freep) struct destination *d = make(&p->config);
    struct destination_report report = {0};
    int fd = open(p->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    close(fd);
    assert_fails(destination_prepare(d, &report), ERR_STORAGE, p->path);
    assert_int_equal(unlink(p->path), 0);
}

static void test_publish_leaves_unchanged_and_foreign_files_alone(void **state)
{
    const struct place *p = *state;
    CLEANUP(destination_freep) struct destination *d = make_prepared(&p->config);
    CLEANUP(destination_report_release) struct destination_report report = {0};
    struct dir_file both[] = {file("same", "1"), file("other", "1")};

    assert_ok(destination_publish(d, both, 2, &report));
    put(p, "foreign", "x");
    ino_t same = look(p, "same").st_ino, other = look(p, "other").st_ino;
    both[1] = file("other", "2");
    assert_ok(destination_publish(d, both, 2, &report));
    assert_int_equal(report.changed, 1);
    assert_int_equal(look(p, "same").st_ino, same);
    assert_int_not_equal(look(p, "other").st_ino, other);
    assert_int_equal(look(p, "other").st_mode & 07777, 0600);
    assert_reads(d, "foreign", "x");
}

static void test_publish_after_the_directory_was_removed_makes_it_again(void **state)
{
    struct place *p = *state;
    CLEANUP(destination_freep) struct destination *d = make_prepared(&p->config);

    temp_dir_empty(&p->tmp);
    assert_int_equal(publish(d, "a", "one"), 1);
    assert_reads(d, "a", "one");
}

static void test_publish_of_too_large_a_file_refuses_the_set(void **state)
{
    const struct place *p = *state;
    CLEANUP(destination_freep) struct destination *d = make_prepared(&p->config);
    struct destination_report report = {0};
    CLEANUP(secret_freep) struct secret *none = NULL;
    CLEANUP(freep) uint8_t *large = calloc(1, DESTINATION_MAX_FILE_SIZE + 1);
    struct dir_file both[] = {file("a", "one"), file("large", "")};

    assert_non_null(large);
    both[1].content = (struct bytes){large, DESTINATION_MAX_FILE_SIZE + 1};
    assert_fails(destination_publish(d, both, 2, &report), ERR_STORAGE, "too large");
    assert_fails(destination_read(d, "a", &none), ERR_NOT_FOUND, "a");
}

static void assert_wrong(struct destination *d, const char *want)
{
    CLEANUP(strlist_release) struct strlist wrong = {0};

    assert_ok(destination_verify(d, &wrong));
    CLEANUP(freep) char *got = strlist_join(&wrong, ",");
    assert_string_equal(got, want);
}

static void test_verify_names_what_is_gone_or_altered(void **state)
{
    const struct place *p = *state;
    CLEANUP(destination_freep) struct destination *d = make_prepared(&p->config);
    CLEANUP(destination_report_release) struct destination_report report = {0};
    struct dir_file three[] = {file("a", "one"), file("b", "two"), file("c", "three")};
    CLEANUP(freep) char *path = NULL;

    assert_wrong(d, "none");
    assert_ok(destination_publish(d, three, 3, &report));
    assert_wrong(d, "none");
    put(p, "b", "twO");
    assert_true(asprintf(&path, "%s/c", p->path) > 0);
    assert_int_equal(unlink(path), 0);
    assert_wrong(d, "b,c");
    assert_ok(destination_publish(d, three, 3, &report));
    assert_int_equal(report.changed, 2);
    assert_wrong(d, "none");
}

/* Written to by the reader below, read when it has ended. */
struct watcher {
    char *path;
    atomic_bool stop;
    unsigned reads, cut;
};

#define WATCHED_SIZE 100000
#define GENERATIONS 100

static void *watch(void *arg)
{
    struct watcher *w = arg;
    static char content[WATCHED_SIZE + 1];

    for (unsigned i = 0; i < 10000000 && !atomic_load(&w->stop); i++) {
        int fd = open(w->path, O_RDONLY | O_CLOEXEC);
        size_t len = 0;
        for (ssize_t n = 1; fd >= 0 && n > 0; len += n > 0 ? (size_t)n : 0)
            n = read(fd, content + len, sizeof(content) - len);
        if (fd >= 0)
            close(fd);
        bool is_whole = len == WATCHED_SIZE && memcmp(content, content + 1, WATCHED_SIZE - 1) == 0;
        w->cut += !is_whole;
        w->reads++;
    }
    return NULL;
}

/* Each generation is one letter, many times: a mixture or a cut file shows. */
static void test_publish_under_a_reader_never_shows_part_of_a_file(void **state)
{
    const struct place *p = *state;
    CLEANUP(destination_freep) struct destination *d = make_prepared(&p->config);
    CLEANUP(freep) char *content = calloc(1, WATCHED_SIZE + 1);
    struct watcher w = {0};
    pthread_t reader;

    assert_non_null(content);
    memset(content, 'a', WATCHED_SIZE);
    assert_int_equal(publish(d, "identity", content), 1);
    assert_true(asprintf(&w.path, "%s/identity", p->path) > 0);
    assert_int_equal(pthread_create(&reader, NULL, watch, &w), 0);
    for (int i = 1; i <= GENERATIONS; i++) {
        memset(content, 'a' + i % 26, WATCHED_SIZE);
        assert_int_equal(publish(d, "identity", content), 1);
    }
    atomic_store(&w.stop, true);
    assert_int_equal(pthread_join(reader, NULL), 0);
    free(w.path);
    assert_int_equal(w.cut, 0);
    assert_true(w.reads > 0);
}

/* "out" as a symbolic link to "real". */
static void make_link(const struct place *p)
{
    CLEANUP(freep) char *real = NULL;

    assert_true(asprintf(&real, "%s/real", p->tmp.path) > 0);
    assert_int_equal(mkdir(real, 0700), 0);
    assert_int_equal(symlink("real", p->path), 0);
}

static void test_prepare_through_a_link_obeys_the_policy(void **state)
{
    struct place *p = *state;
    struct destination_report report = {0};

    make_link(p);
    for (int i = 0; i < 2; i++) {
        p->config.symlinks = i ? SYMLINKS_SECURE : SYMLINKS_TRY_SECURE;
        CLEANUP(destination_freep) struct destination *d = make(&p->config);
        assert_fails(destination_prepare(d, &report), ERR_STORAGE, "symbolic link");
    }
    p->config.symlinks = SYMLINKS_INSECURE;
    CLEANUP(destination_freep) struct destination *d = make_prepared(&p->config);
    assert_int_equal(publish(d, "a", "one"), 1);
    assert_reads(d, "a", "one");
}

static void test_publish_over_a_linked_file_refuses(void **state)
{
    const struct place *p = *state;
    CLEANUP(destination_freep) struct destination *d = make_prepared(&p->config);
    struct destination_report report = {0};
    CLEANUP(freep) char *link = NULL;
    struct dir_file key = file("key", "secret");

    put(p, "victim", "untouched");
    assert_true(asprintf(&link, "%s/key", p->path) > 0);
    assert_int_equal(symlink("victim", link), 0);
    assert_fails(destination_publish(d, &key, 1, &report), ERR_STORAGE, "key");
    assert_reads(d, "victim", "untouched");
}

#define NOBODY 65534

/* Root may write anywhere: such tests run as somebody else, until tear_down(). */
static void become_nobody(const struct place *p)
{
    if (geteuid() != 0)
        return;
    assert_int_equal(chown(p->tmp.path, NOBODY, (gid_t)-1), 0);
    assert_int_equal(seteuid(NOBODY), 0);
}

static void test_publish_where_nothing_can_be_made_overwrites_and_says_so(void **state)
{
    const struct place *p = *state;

    become_nobody(p);
    assert_int_equal(mkdir(p->path, 0700), 0);
    put(p, ".write-test", "");
    put(p, "key", "a longer old content");
    assert_int_equal(chmod(p->path, 0500), 0);
    ino_t before = look(p, "key").st_ino;

    CLEANUP(destination_freep) struct destination *d = make(&p->config);
    CLEANUP(destination_report_release) struct destination_report start = {0};
    CLEANUP(destination_report_release) struct destination_report report = {0};
    struct dir_file both[] = {file("key", "new"), file("more", "new")};
    assert_ok(destination_prepare(d, &start));
    assert_true(start.in_place);
    assert_int_equal(start.warnings.len, 1);
    assert_ok(destination_publish(d, both, 1, &report));
    assert_true(report.in_place);
    assert_int_equal(report.changed, 1);
    assert_int_equal(report.warnings.len, 0); /* once is enough */
    assert_reads(d, "key", "new");
    assert_int_equal(look(p, "key").st_ino, before);
    assert_fails(destination_publish(d, both, 2, &report), ERR_STORAGE, "more");
}

static void test_prepare_where_nothing_can_be_written_fails_with_advice(void **state)
{
    const struct place *p = *state;
    struct destination_report report = {0};

    become_nobody(p);
    assert_int_equal(mkdir(p->path, 0500), 0);
    CLEANUP(destination_freep) struct destination *d = make(&p->config);
    CLEANUP(err_freep) struct err *e = destination_prepare(d, &report);
    assert_int_equal(err_code(e), ERR_STORAGE);
    assert_non_null(strstr(err_hint(e), p->path));
}

/* Who logs an error does not have to say where, and a person does not read it twice. */
static void assert_names_the_place_once(const struct place *p, struct err *e)
{
    CLEANUP(freep) char *text = err_text(e);
    const char *at = strstr(text, p->path);

    if (!at || strstr(at + 1, p->path))
        fail_msg("the path is not there once: %s", text);
    err_free(e);
}

static void test_errors_name_the_place_once(void **state)
{
    const struct place *p = *state;
    CLEANUP(destination_freep) struct destination *d = make_prepared(&p->config);
    CLEANUP(secret_freep) struct secret *none = NULL;
    struct destination_report report = {0};
    struct dir_file key = file("key", "secret");
    CLEANUP(freep) char *in_the_way = NULL;

    assert_names_the_place_once(p, destination_read(d, "missing", &none));
    assert_true(asprintf(&in_the_way, "%s/key", p->path) > 0);
    assert_int_equal(mkdir(in_the_way, 0700), 0);
    assert_names_the_place_once(p, destination_publish(d, &key, 1, &report));
    assert_int_equal(rmdir(in_the_way), 0);
    become_nobody(p);
    assert_names_the_place_once(p, destination_prepare(d, &report));
    assert_names_the_place_once(p, destination_publish(d, &key, 1, &report));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_publish_then_read_gives_the_files),
        TEST(test_directory_publish_then_read_gives_the_files),
        cmocka_unit_test(test_new_without_kind_refuses),
        cmocka_unit_test(test_new_with_relative_path_makes_it_absolute),
        TEST(test_prepare_makes_private_directories_and_writes),
        TEST(test_prepare_where_a_file_stands_fails),
        TEST(test_publish_leaves_unchanged_and_foreign_files_alone),
        TEST(test_publish_after_the_directory_was_removed_makes_it_again),
        TEST(test_publish_of_too_large_a_file_refuses_the_set),
        TEST(test_verify_names_what_is_gone_or_altered),
        TEST(test_publish_under_a_reader_never_shows_part_of_a_file),
        TEST(test_prepare_through_a_link_obeys_the_policy),
        TEST(test_publish_over_a_linked_file_refuses),
        TEST(test_publish_where_nothing_can_be_made_overwrites_and_says_so),
        TEST(test_prepare_where_nothing_can_be_written_fails_with_advice),
        TEST(test_errors_name_the_place_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
