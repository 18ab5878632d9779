/* SPDX-License-Identifier: Apache-2.0 */
/* `atomic: symlink`: what base/dir_generation.h does, as a destination. */
#include "agent/acl.h"
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
    struct config_reader readers[1];
    struct config_destination config;
};

static char reader_number[] = "4711";

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    p->tmp = temp_dir_make();
    p->readers[0] = (struct config_reader){false, reader_number};
    p->config = (struct config_destination){
        .type = CONFIG_DESTINATION_DIRECTORY, .path = p->tmp.path, .atomic = CONFIG_ATOMIC_SYMLINK};
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;

    assert_int_equal(seteuid(getuid()), 0);
    temp_dir_remove(&p->tmp);
    free(p);
    return 0;
}

static struct destination *make_prepared(const struct place *p)
{
    struct destination *d = NULL;
    CLEANUP(destination_report_release) struct destination_report report = {0};

    assert_ok(destination_new(&p->config, entropy_system(), &d));
    assert_ok(destination_prepare(d, &report));
    assert_int_equal(report.warnings.len, 0);
    return d;
}

static void publish(struct destination *d, const char *key, const char *cert)
{
    CLEANUP(destination_report_release) struct destination_report report = {0};
    const struct dir_file files[] = {
        {.name = "key", .content = bytes_of_str(key), .mode = 0600},
        {.name = "tlscert", .content = bytes_of_str(cert), .mode = 0600},
    };

    assert_ok(destination_publish(d, files, 2, &report));
    assert_false(report.in_place);
    assert_int_equal(report.warnings.len, 0);
}

static void assert_reads(struct destination *d, const char *name, const char *want)
{
    CLEANUP(secret_freep) struct secret *got = NULL;

    assert_ok(destination_read(d, name, &got));
    assert_string_equal(secret_str(got), want);
}

static bool is_link(struct place *p, const char *name)
{
    struct stat st;

    assert_int_equal(lstat(temp_dir_join(&p->tmp, name), &st), 0);
    return S_ISLNK(st.st_mode);
}

static void assert_wrong(struct destination *d, const char *want)
{
    CLEANUP(strlist_release) struct strlist wrong = {0};

    assert_ok(destination_verify(d, &wrong));
    CLEANUP(freep) char *got = strlist_join(&wrong, ",");
    assert_string_equal(got, want);
}

static void test_publish_then_read_and_verify_follow_our_links_only(void **state)
{
    struct place *p = *state;
    CLEANUP(destination_freep) struct destination *d = make_prepared(p);
    CLEANUP(secret_freep) struct secret *none = NULL;

    publish(d, "key 1", "cert 1");
    publish(d, "key 2", "cert 2");
    assert_true(is_link(p, "key"));
    assert_reads(d, "key", "key 2");
    assert_fails(destination_read(d, "missing", &none), ERR_NOT_FOUND, "missing");
    assert_wrong(d, "none");
    temp_dir_delete(&p->tmp, "key");
    assert_wrong(d, "key");
    temp_dir_write(&p->tmp, "victim", "key 2");
    assert_int_equal(symlink("victim", temp_dir_join(&p->tmp, "key")), 0);
    assert_fails(destination_read(d, "key", &none), ERR_STORAGE, "key");
}

/* To links and back, and the reader of names never notices. */
static void test_atomic_can_be_turned_on_and_off(void **state)
{
    struct place *p = *state;

    for (int i = 0; i < 5; i++) {
        char key[16], cert[16];
        p->config.atomic = i % 2 ? CONFIG_ATOMIC_SYMLINK : CONFIG_ATOMIC_OFF;
        CLEANUP(destination_freep) struct destination *d = make_prepared(p);
        snprintf(key, sizeof(key), "key %d", i - 1);
        if (i > 0)
            assert_reads(d, "key", key);
        snprintf(key, sizeof(key), "key %d", i);
        snprintf(cert, sizeof(cert), "cert %d", i);
        publish(d, key, cert);
        assert_int_equal(is_link(p, "tlscert"), i % 2);
        assert_reads(d, "tlscert", cert);
    }
    CLEANUP(freep) char *list = temp_dir_list(&p->tmp);
    assert_string_equal(list, ".write-test key tlscert");
}

#define FILE_ACL "user::rw-,user:4711:r--,group::---,mask::r--,other::---"
#define DIR_ACL "user::rwx,user:4711:r-x,group::---,mask::r-x,other::---"

static void assert_acl(struct place *p, const char *name, const char *want)
{
    CLEANUP(closep) int fd = open(temp_dir_join(&p->tmp, name), O_RDONLY | O_CLOEXEC);
    CLEANUP(buf_release) struct buf acl = BUF_INIT(ACL_MAX_SIZE), text = BUF_INIT(ACL_MAX_SIZE);

    assert_true(fd >= 0);
    assert_ok(acl_get(fd, &acl));
    if (acl.len)
        assert_ok(acl_print(buf_bytes(&acl), &text));
    assert_string_equal(buf_str(&text), want);
}

static bool keeps_acls(const char *path)
{
    CLEANUP(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CLEANUP(buf_release) struct buf acl = BUF_INIT(ACL_MAX_SIZE);
    struct err *e = acl_get(fd, &acl);

    err_free(e);
    return !e;
}

/* The second set has a file in common with the first, which had no readers yet. */
static void test_readers_get_the_generation_and_every_file_in_it(void **state)
{
    struct place *p = *state;

    if (!keeps_acls(p->tmp.path))
        skip();
    CLEANUP(destination_freep) struct destination *before = make_prepared(p);
    publish(before, "key 1", "same");
    p->config.readers = p->readers;
    p->config.n_readers = 1;
    p->config.acls = CONFIG_ACLS_REQUIRED;
    CLEANUP(destination_freep) struct destination *d = make_prepared(p);
    publish(d, "key 2", "same");
    assert_acl(p, ".", DIR_ACL);
    assert_acl(p, "..data", DIR_ACL);
    assert_acl(p, "key", FILE_ACL);
    assert_acl(p, "tlscert", FILE_ACL);
    publish(d, "key 2", "same");
    assert_acl(p, "key", FILE_ACL);
}

static void test_readers_get_a_generation_that_did_not_change(void **state)
{
    struct place *p = *state;

    if (!keeps_acls(p->tmp.path))
        skip();
    CLEANUP(destination_freep) struct destination *before = make_prepared(p);
    publish(before, "key", "cert");
    p->config.readers = p->readers;
    p->config.n_readers = 1;
    CLEANUP(destination_freep) struct destination *d = make_prepared(p);
    publish(d, "key", "cert");
    assert_acl(p, "..data", DIR_ACL);
    assert_acl(p, "key", FILE_ACL);
}

static void test_prepare_where_it_cannot_work_says_why_and_what_to_do(void **state)
{
    const struct place *p = *state;
    CLEANUP(destination_freep) struct destination *d = NULL;
    struct destination_report report = {0};

    if (geteuid() != 0)
        skip(); /* the directory of somebody else, in which we may make files */
    assert_int_equal(chmod(p->tmp.path, 0777), 0);
    assert_int_equal(seteuid(65534), 0);
    ((struct place *)*state)->config.acls = CONFIG_ACLS_OFF;
    assert_ok(destination_new(&p->config, entropy_system(), &d));
    CLEANUP(err_freep) struct err *e = destination_prepare(d, &report);
    CLEANUP(freep) char *text = err_text(e);
    assert_int_equal(err_code(e), ERR_STORAGE);
    assert_non_null(strstr(text, "try out 'atomic: symlink'"));
    assert_non_null(strstr(text, p->tmp.path));
    assert_non_null(strstr(err_hint(e), "atomic: off"));
    destination_report_release(&report);
}

static void test_prepare_beside_somebodys_data_says_so(void **state)
{
    struct place *p = *state;
    CLEANUP(destination_freep) struct destination *d = NULL;
    struct destination_report report = {0};

    temp_dir_write(&p->tmp, "..data", "");
    assert_ok(destination_new(&p->config, entropy_system(), &d));
    CLEANUP(err_freep) struct err *e = destination_prepare(d, &report);
    assert_non_null(strstr(err_hint(e), "a directory of its own"));
}

/* Read by the main thread when the reader has ended. */
struct watcher {
    char *data; /* "…/..data" */
    atomic_bool stop;
    unsigned reads, mixed; /* of two files; missing ones are not counted, see watch() */
};

static bool read_at(int dir, const char *name, char out[16])
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, out, 15) : -1;

    if (fd >= 0)
        close(fd);
    out[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* A reader that sleeps through two renewals finds its generation gone: no wonder, there are 100. */
static void *watch(void *arg)
{
    struct watcher *w = arg;
    char key[16], cert[16];

    while (!atomic_load(&w->stop)) {
        int fd = open(w->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool is_read = read_at(fd, "key", key) && read_at(fd, "tlscert", cert);
        w->mixed += is_read && strcmp(key, cert) != 0;
        w->reads += is_read;
        close(fd);
    }
    return NULL;
}

static void test_reader_that_opens_once_never_meets_two_generations(void **state)
{
    struct place *p = *state;
    CLEANUP(destination_freep) struct destination *d = make_prepared(p);
    struct watcher w = {0};
    pthread_t reader;

    publish(d, "0", "0");
    assert_true(asprintf(&w.data, "%s/..data", p->tmp.path) > 0);
    assert_int_equal(pthread_create(&reader, NULL, watch, &w), 0);
    for (int i = 1; i <= 100; i++) {
        char n[16];
        snprintf(n, sizeof(n), "%d", i);
        publish(d, n, n);
    }
    atomic_store(&w.stop, true);
    assert_int_equal(pthread_join(reader, NULL), 0);
    free(w.data);
    assert_int_equal(w.mixed, 0);
    assert_true(w.reads > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_publish_then_read_and_verify_follow_our_links_only),
        TEST(test_atomic_can_be_turned_on_and_off),
        TEST(test_readers_get_the_generation_and_every_file_in_it),
        TEST(test_readers_get_a_generation_that_did_not_change),
        TEST(test_prepare_where_it_cannot_work_says_why_and_what_to_do),
        TEST(test_prepare_beside_somebodys_data_says_so),
        TEST(test_reader_that_opens_once_never_meets_two_generations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
