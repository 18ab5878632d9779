/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_CHECK_FIXTURE_H
#define TBOT_TESTS_CHECK_FIXTURE_H

/* A check whose findings are kept, on a clock that stands still. */

#include "agent/check_private.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"

#include <stdio.h>

#define FIXTURE_FINDINGS_MAX 64
#define FIXTURE_NOW "2026-01-02T03:04:05Z" /* in 1767323045 s */

struct finding {
    char name[32], subject[320], message[1024], code[32], hint[512];
    enum check_status status;
    bool is_step;
};

struct check_fixture {
    struct check check;
    struct check_sink sink;
    struct fake_clock clock;
    struct finding findings[FIXTURE_FINDINGS_MAX];
    size_t len;
};

static inline void fixture_add(void *arg, const struct check_result *r)
{
    struct check_fixture *f = arg;
    assert_true(f->len < FIXTURE_FINDINGS_MAX);
    struct finding *to = &f->findings[f->len++];
    snprintf(to->name, sizeof(to->name), "%s", r->name);
    snprintf(to->subject, sizeof(to->subject), "%s", r->subject);
    snprintf(to->message, sizeof(to->message), "%s", r->message);
    snprintf(to->code, sizeof(to->code), "%s", r->code ? r->code : "");
    snprintf(to->hint, sizeof(to->hint), "%s", r->hint ? r->hint : "");
    to->status = r->status;
    to->is_step = r->is_step;
}

static inline char *fixture_no_variable(const char *name)
{
    (void)name;
    return NULL;
}

static inline int check_set_up(void **state)
{
    struct check_fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    fake_clock_init(&f->clock, FIXTURE_NOW);
    f->sink = (struct check_sink){.add = fixture_add, .arg = f};
    f->check =
        (struct check){.sink = &f->sink, .clock = &f->clock.clock, .getenv = fixture_no_variable};
    *state = f;
    return 0;
}

static inline int check_tear_down(void **state)
{
    struct check_fixture *f = *state;
    check_release(&f->check);
    free(f);
    return 0;
}

/* The first finding of that name and status whose message holds `part`; NULL: none. */
static inline const struct finding *find(const struct check_fixture *f, const char *name,
                                         enum check_status status, const char *part)
{
    for (size_t i = 0; i < f->len; i++) {
        const struct finding *x = &f->findings[i];
        if (strcmp(x->name, name) == 0 && x->status == status && strstr(x->message, part))
            return x;
    }
    return NULL;
}

/* There is such a finding; it is given. What is not well has a remedy. */
static inline const struct finding *expect(const struct check_fixture *f, const char *name,
                                           enum check_status status, const char *part)
{
    const struct finding *found = find(f, name, status, part);
    if (!found) {
        for (size_t i = 0; i < f->len; i++)
            print_error("%s %s: %s: %s\n", check_status_name(f->findings[i].status),
                        f->findings[i].name, f->findings[i].subject, f->findings[i].message);
        fail_msg("no finding: %s %s '%s'", check_status_name(status), name, part);
        return NULL;
    }
    if ((status == CHECK_FAILED || status == CHECK_WARNING) && !*found->hint)
        fail_msg("no remedy: %s", found->message);
    return found;
}

static inline void expect_all_well(const struct check_fixture *f)
{
    assert_int_equal(f->check.failed, 0);
    assert_int_equal(f->check.warnings, 0);
}

#define CHECK_TEST(name) cmocka_unit_test_setup_teardown(name, check_set_up, check_tear_down)

#endif
