/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/log_switch.h"

/* A warning, so that only the most quiet level hides it. */
static void change(struct diag_log_switch *s, enum log_level level, struct dur lasting)
{
    char shown[DUR_SIZE];
    log_warn(s->log, "diag", "the level of the log changes",
             LOG_STR("level", log_level_name(level)),
             LOG_STR("lasting", lasting.ns > 0 ? dur_format(lasting, shown) : NULL));
    log_set_level(s->log, level);
}

static void go_back(void *arg)
{
    struct diag_log_switch *s = arg;
    loop_timer_clear(s->loop, &s->back);
    s->until = WALL_NONE;
    change(s, s->usual, dur_s(0));
}

void diag_log_switch_init(struct diag_log_switch *s, struct loop *loop, struct log *log)
{
    *s = (struct diag_log_switch){.loop = loop, .log = log, .back = {.fn = go_back, .arg = s}};
}

void diag_log_switch_set(struct diag_log_switch *s, enum log_level level, struct dur lasting)
{
    struct now now = loop_now(s->loop);
    if (s->until.ns == WALL_NONE.ns)
        s->usual = log_get_level(s->log);
    bool is_for_good = lasting.ns <= 0;
    struct err *e =
        loop_timer_set(s->loop, &s->back, is_for_good ? MONO_NEVER : mono_add(now.mono, lasting));
    if (e)
        log_err(s->log, LOG_WARN, "diag", "the level of the log will not go back by itself", e);
    err_free(e);
    s->until = is_for_good ? WALL_NONE : wall_add(now.wall, lasting);
    change(s, level, lasting);
}

void diag_log_switch_release(struct diag_log_switch *s)
{
    if (s->until.ns != WALL_NONE.ns)
        go_back(s);
}
