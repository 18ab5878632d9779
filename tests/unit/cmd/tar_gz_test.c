/* SPDX-License-Identifier: Apache-2.0 */
/* Read with other eyes: tar(1) says what is in it. */
#include "cmd/tar_gz.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

static void become_tar(const char *archive, const char *into, const char *out)
{
    int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(fd, STDOUT_FILENO);
    execlp("tar", "tar", "-xvzf", archive, "-C", into, (char *)NULL);
    _exit(77);
}

/* Extracts `archive` into the directory; what tar says of it goes to `listing`. */
static bool extract(struct temp_dir *tmp)
{
    CLEANUP(freep) char *archive = strdup(temp_dir_join(tmp, "a.tar.gz"));
    CLEANUP(freep) char *listing = strdup(temp_dir_join(tmp, "listing"));
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        become_tar(archive, tmp->path, listing);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        return false;
    assert_int_equal(WEXITSTATUS(status), 0);
    return true;
}

static void test_tar_reads_what_was_added(void **state)
{
    static char block[1536]; /* whole blocks: no padding */
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(tar_gz_freep) struct tar_gz *t = NULL;
    struct bytes whole;
    (void)state;
    memset(block, 'x', sizeof(block) - 1);
    assert_ok(tar_gz_new(wall_of_unix(1700000000), &t));
    assert_ok(tar_gz_add(t, "short", bytes_of_str("hello\n")));
    assert_ok(tar_gz_add(t, "empty", (struct bytes){0}));
    assert_ok(tar_gz_add(t, "blocks", (struct bytes){(const uint8_t *)block, sizeof(block)}));
    assert_ok(tar_gz_finish(t, &whole));
    temp_dir_put(&tmp, "a.tar.gz", whole);
    if (!extract(&tmp))
        skip();
    CLEANUP(freep) char *listing = temp_dir_read(&tmp, "listing");
    assert_string_equal(listing, "short\nempty\nblocks\n");
    CLEANUP(freep) char *text = temp_dir_read(&tmp, "short");
    assert_string_equal(text, "hello\n");
    CLEANUP(freep) char *blocks = temp_dir_read(&tmp, "blocks");
    assert_string_equal(blocks, block);
    assert_int_equal(temp_dir_mode(&tmp, "short"), 0600);
}

/* Far more than one piece of zlib's output. */
static void test_large_content_comes_back(void **state)
{
    static char noise[300001];
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    CLEANUP(tar_gz_freep) struct tar_gz *t = NULL;
    struct bytes whole;
    uint32_t x = 1;
    (void)state;
    for (size_t i = 0; i < sizeof(noise) - 1; i++) {
        x = x * 1664525 + 1013904223;
        noise[i] = (char)('!' + (x >> 24) % 90);
    }
    assert_ok(tar_gz_new(wall_of_unix(1700000000), &t));
    assert_ok(tar_gz_add(t, "noise", bytes_of_str(noise)));
    assert_ok(tar_gz_finish(t, &whole));
    temp_dir_put(&tmp, "a.tar.gz", whole);
    if (!extract(&tmp))
        skip();
    CLEANUP(freep) char *text = temp_dir_read(&tmp, "noise");
    assert_true(strcmp(text, noise) == 0);
}

static void test_name_that_does_not_fit_is_refused(void **state)
{
    CLEANUP(tar_gz_freep) struct tar_gz *t = NULL;
    char name[128];
    (void)state;
    snprintf(name, sizeof(name), "%0100d", 7);
    assert_ok(tar_gz_new(wall_of_unix(0), &t));
    assert_fails(tar_gz_add(t, name, (struct bytes){0}), ERR_BUG, "too long a name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tar_reads_what_was_added),
        cmocka_unit_test(test_large_content_comes_back),
        cmocka_unit_test(test_name_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
