/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/unit_file.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void assert_content(struct temp_dir *tmp, const char *expected)
{
    CLEANUP(freep) char *content = temp_dir_read(tmp, "tbot.service");
    assert_string_equal(content, expected);
}

static void test_new_unit_is_readable_by_everybody(void **state)
{
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    enum unit_file_result result = UNIT_FILE_SAME;
    (void)state;
    umask(077);
    assert_ok(unit_file_put(tmp.path, "tbot.service", "[Unit]\n", false, &result));
    assert_int_equal(result, UNIT_FILE_WRITTEN);
    assert_int_equal(temp_dir_mode(&tmp, "tbot.service"), 0644);
    assert_content(&tmp, "[Unit]\n");
    assert_int_equal(temp_dir_count(&tmp), 1);
}

static void test_other_unit_is_replaced_by_force_only(void **state)
{
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    enum unit_file_result result = UNIT_FILE_SAME;
    (void)state;
    temp_dir_write(&tmp, "tbot.service", "old");
    assert_fails(unit_file_put(tmp.path, "tbot.service", "new", false, &result), ERR_STORAGE,
                 "/tbot.service' exists and says something else");
    assert_content(&tmp, "old");
    assert_ok(unit_file_put(tmp.path, "tbot.service", "new", true, &result));
    assert_int_equal(result, UNIT_FILE_WRITTEN);
    assert_content(&tmp, "new");
}

static void test_same_unit_is_left_alone(void **state)
{
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    enum unit_file_result result = UNIT_FILE_WRITTEN;
    (void)state;
    temp_dir_write(&tmp, "tbot.service", "same");
    assert_ok(unit_file_put(tmp.path, "tbot.service", "same", false, &result));
    assert_int_equal(result, UNIT_FILE_SAME);
}

/* `systemctl mask` makes one to /dev/null: writing through it would look like success. */
static void test_masked_unit_stays_masked(void **state)
{
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    enum unit_file_result result = UNIT_FILE_SAME;
    (void)state;
    assert_int_equal(symlink("/dev/null", temp_dir_join(&tmp, "tbot.service")), 0);
    for (int force = 0; force < 2; force++) {
        CLEANUP(err_freep)
        struct err *e = unit_file_put(tmp.path, "tbot.service", "new", force, &result);
        CLEANUP(freep) char *text = err_text(e);
        assert_int_equal(err_code(e), ERR_STORAGE);
        assert_non_null(strstr(text, "/tbot.service' is a symbolic link"));
        assert_non_null(strstr(err_hint(e), "systemctl unmask tbot.service"));
    }
}

static void test_missing_directory_is_not_made(void **state)
{
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    enum unit_file_result result = UNIT_FILE_SAME;
    char path[320];
    (void)state;
    snprintf(path, sizeof(path), "%s", temp_dir_join(&tmp, "nowhere"));
    CLEANUP(err_freep)
    struct err *e = unit_file_put(path, "tbot.service", "new", true, &result);
    assert_int_equal(err_code(e), ERR_NOT_FOUND);
    assert_non_null(strstr(err_hint(e), "--systemd-directory"));
    assert_int_equal(temp_dir_count(&tmp), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_unit_is_readable_by_everybody),
        cmocka_unit_test(test_other_unit_is_replaced_by_force_only),
        cmocka_unit_test(test_same_unit_is_left_alone),
        cmocka_unit_test(test_masked_unit_stays_masked),
        cmocka_unit_test(test_missing_directory_is_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
