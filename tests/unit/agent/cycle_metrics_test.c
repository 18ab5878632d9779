/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/cycle_metrics.h"

#include "diag/core/metrics_text.h"
#include "tests/support/assert_err.h"

#include <stdio.h>
#include <string.h>

struct world {
    struct metrics *metrics;
    struct cycle_metrics cycles;
    struct mono now;
    char text[65536];
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    assert_ok(metrics_new(&w->metrics));
    w->now = (struct mono){dur_s(100).ns};
    w->cycles = (struct cycle_metrics){.metrics = w->metrics,
                                       .run = {.service = "web", .name = "output-renewal"}};
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    metrics_free(w->metrics);
    free(w);
    return 0;
}

static void pass(struct world *w, int64_t s)
{
    w->now = mono_add(w->now, dur_s(s));
}

static void assert_shown(struct world *w, const char *line)
{
    struct buf text = BUF_INIT(sizeof(w->text));
    assert_ok(metrics_write(w->metrics, METRICS_PROMETHEUS, &text));
    snprintf(w->text, sizeof(w->text), "%s", buf_str(&text));
    buf_release(&text);
    if (!strstr(w->text, line))
        fail_msg("no '%s' in:\n%s", line, w->text);
}

static void test_attempts_until_a_success_are_one_cycle(void **state)
{
    struct world *w = *state;
    cycle_metrics_attempt(&w->cycles, w->now);
    pass(w, 2);
    cycle_metrics_attempt(&w->cycles, w->now);
    pass(w, 3);
    cycle_metrics_ended(&w->cycles, ERR_OK, w->now);
    assert_shown(w, "tbot_renewals_total{service=\"web\",result=\"ok\",code=\"ok\"} 1\n");
    assert_shown(w, "tbot_renewal_duration_seconds_sum{service=\"web\"} 5\n");
    assert_shown(w, "tbot_task_iterations_total{service=\"web\",name=\"output-renewal\"} 1\n");
    assert_shown(
        w, "tbot_task_iterations_successful_sum{service=\"web\",name=\"output-renewal\"} 1\n");
}

static void test_cycle_that_fails_has_the_code_of_its_last_attempt(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 5; i++)
        cycle_metrics_attempt(&w->cycles, w->now);
    cycle_metrics_ended(&w->cycles, ERR_UNAVAILABLE, w->now);
    cycle_metrics_ended(&w->cycles, ERR_DENIED, w->now); /* nothing was under way */
    assert_shown(w,
                 "tbot_renewals_total{service=\"web\",result=\"failed\",code=\"unavailable\"} 1\n");
    assert_shown(w, "tbot_task_iterations_failed{service=\"web\",name=\"output-renewal\"} 1\n");
    assert_null(strstr(w->text, "denied"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_attempts_until_a_success_are_one_cycle, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_cycle_that_fails_has_the_code_of_its_last_attempt,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
