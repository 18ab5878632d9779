/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_CONFIG_TEST_SUPPORT_H
#define TBOT_TESTS_CONFIG_TEST_SUPPORT_H

/* What the tests of the configuration share. */

#include "tests/support/assert_err.h"

/* A file that uses nearly everything that is built. Its token is "hunter2". */
static const char config_test_rich[] = "# the bot of the build machines\n"
                                       "version: v2\n"
                                       "proxy_server: \"proxy.example.com:443\"\n"
                                       "onboarding:\n"
                                       "  join_method: token\n"
                                       "  token: hunter2\n"
                                       "  ca_pins:\n"
                                       "    - sha256:00112233445566778899aabbccddeeff"
                                       "00112233445566778899aabbccddeeff\n"
                                       "storage:\n"
                                       "  type: directory\n"
                                       "  path: /var/lib/bot\n"
                                       "  symlinks: secure\n"
                                       "  acls: off\n"
                                       "\n"
                                       "credential_ttl: 1h30m\n"
                                       "renewal_interval: 10m\n"
                                       "debug: true\n"
                                       "oneshot: false\n"
                                       "on_open_renewal: retry\n"
                                       "startup: auto\n"
                                       "startup_timeout: 5m\n"
                                       "give_up_after: 36h\n"
                                       "fips: false\n"
                                       "\n"
                                       "# what to make of it\n"
                                       "\n"
                                       "services:\n"
                                       "\n"
                                       "  - type: identity\n"
                                       "    name: web\n"
                                       "    roles: [access, editor]\n"
                                       "    cluster: leaf.example.com\n"
                                       "    ssh_config: off\n"
                                       "    allow_reissue: true\n"
                                       "    credential_ttl: 30m\n"
                                       "    renewal_interval: 5m\n"
                                       "    destination:\n"
                                       "      type: directory\n"
                                       "      path: '/srv/web'\n"
                                       "      atomic: symlink\n"
                                       "      readers:\n"
                                       "        - user: alice\n"
                                       "        - group: 1001\n"
                                       "  - type: identity\n"
                                       "    destination: {type: memory}\n"
                                       "outputs:\n"
                                       "  - type: identity\n"
                                       "    destination: /srv/short\n";

static inline void config_test_assert_error(struct err *e, enum err_code code, const char *text,
                                            const char *file, int line)
{
    char *got = err_text(e);
    _assert_string_equal(e ? got : "(success)", text, file, line);
    _assert_int_equal((unsigned long)err_code(e), (unsigned long)code, file, line);
    free(got);
    err_free(e);
}
#define assert_config_error(expr, text)                                                            \
    config_test_assert_error((expr), ERR_CONFIG, (text), __FILE__, __LINE__)

#endif
