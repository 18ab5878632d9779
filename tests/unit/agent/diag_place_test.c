/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/diag_place.h"

#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <stdio.h>
#include <sys/stat.h>

#define DIRECTORY(path_)                                                                           \
    {                                                                                              \
        .type = CONFIG_DESTINATION_DIRECTORY, .path = (char[])                                     \
        {                                                                                          \
            path_                                                                                  \
        }                                                                                          \
    }

static const struct config_destination memory = {.type = CONFIG_DESTINATION_MEMORY};

static void test_socket_is_where_the_configuration_leads(void **state)
{
    (void)state;
    const struct config_destination nowhere = {0};
    const struct config_destination dir = DIRECTORY("/srv/bot");
    const struct config_destination relative = DIRECTORY("bot");
    const struct {
        struct diag_place in;
        const char *path;
    } cases[] = {
        {{.storage = &dir}, "/srv/bot/diag.sock"},
        {{.storage = &dir, .setting = ""}, "/srv/bot/diag.sock"},
        {{.storage = &dir, .setting = "/run/x.sock"}, "/run/x.sock"},
        {{.storage = &dir, .setting = "off"}, NULL},
        {{.storage = &dir, .runtime_dir = "/run/user/7"}, "/srv/bot/diag.sock"},
        {{.storage = &relative, .cwd = "/home/bob"}, "/home/bob/bot/diag.sock"},
        {{.storage = &nowhere}, "/var/lib/teleport/bot/diag.sock"},
        {{.storage = &memory, .runtime_dir = "/run/user/7"}, "/run/user/7/tbot/diag.sock"},
        {{.storage = &memory}, "/run/tbot/diag.sock"},
        {{.storage = &memory, .runtime_dir = ""}, "/run/tbot/diag.sock"},
        {{.storage = &memory, .runtime_dir = "user/7"}, "/run/tbot/diag.sock"},
        {{.storage = &memory, .setting = "off"}, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(freep) char *path = NULL;
        assert_ok(diag_place_decide(&cases[i].in, &path));
        if (cases[i].path)
            assert_string_equal(path, cases[i].path);
        else
            assert_null(path);
    }
}

/* 107 bytes and the NUL are what the kernel takes. */
static void test_path_too_long_for_a_socket_is_refused(void **state)
{
    char text[160];
    char *path = NULL;
    const struct diag_place in = {.storage = &memory, .setting = text};
    (void)state;
    snprintf(text, sizeof(text), "/%0106d", 7);
    assert_ok(diag_place_decide(&in, &path));
    free(TAKE(path));
    snprintf(text, sizeof(text), "/%0107d", 7);
    assert_fails(diag_place_decide(&in, &path), ERR_CONFIG, "longer than the 107 bytes");
}

static void test_directory_is_made_for_us_alone(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir tmp = temp_dir_make();
    char path[256];
    snprintf(path, sizeof(path), "%s/" DIAG_PLACE_NAME, temp_dir_join(&tmp, "tbot"));
    assert_ok(diag_place_prepare(path));
    assert_int_equal(temp_dir_mode(&tmp, "tbot"), 0700);
    assert_ok(diag_place_prepare(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_socket_is_where_the_configuration_leads),
        cmocka_unit_test(test_path_too_long_for_a_socket_is_refused),
        cmocka_unit_test(test_directory_is_made_for_us_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
