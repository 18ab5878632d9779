/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Situations (0xx), options (1xx) and regressions (2xx) for the renewer, each over many seeds.
 * `renewer_sim -s SEED` replays one seed, `-n COUNT` runs more of them.
 */
#include "tests/sim/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static bool between(struct dur t, int64_t from_s, int64_t to_s)
{
    return dur_to_s(t) >= from_s && dur_to_s(t) < to_s;
}

static enum fate down_one_minute(struct world *w, struct dur t, enum renewer_job job)
{
    (void)w, (void)job;
    return between(t, 16 * MINUTE, 17 * MINUTE) ? FATE_DOWN : FATE_OK;
}

static enum fate down_half_lifetime(struct world *w, struct dur t, enum renewer_job job)
{
    (void)w, (void)job;
    return between(t, 2 * HOUR, 2 * HOUR + 30 * MINUTE) ? FATE_DOWN : FATE_OK;
}

static enum fate down_longer_than_life(struct world *w, struct dur t, enum renewer_job job)
{
    (void)w, (void)job;
    return between(t, 2 * HOUR, 5 * HOUR) ? FATE_DOWN : FATE_OK;
}

static enum fate up_twenty_of_three_hours(struct world *w, struct dur t, enum renewer_job job)
{
    (void)w, (void)job;
    return dur_to_s(t) % (3 * HOUR) < 20 * MINUTE ? FATE_OK : FATE_DOWN;
}

static enum fate requests_lost(struct world *w, struct dur t, enum renewer_job job)
{
    (void)t;
    return job == RENEWER_JOB_RENEW && w->random % 3 == 0 ? FATE_LOST_REQUEST : FATE_OK;
}

static enum fate third_reply_lost(struct world *w, struct dur t, enum renewer_job job)
{
    (void)t;
    return job == RENEWER_JOB_RENEW && w->cluster.generation == 3 ? FATE_LOST_REPLY : FATE_OK;
}

static enum fate error_that_cost(struct world *w, struct dur t, enum renewer_job job)
{
    (void)t;
    return job == RENEWER_JOB_RENEW && w->cluster.generation == 3 ? FATE_ERROR_COMMITTED : FATE_OK;
}

static bool full_for_a_day(struct dur t)
{
    return between(t, DAY, 2 * DAY);
}

struct scenario {
    const char *name;
    struct world_config config;
    enum renewer_state end; /* RENEWER_STATE_COUNT: any */
    int64_t max_without_s;
    unsigned min_renewals;
};

#define DEFAULTS .ttl = {HOUR * 1000000000LL}, .interval = {20LL * MINUTE * 1000000000LL}
#define RUN(s) .run_for = {(s)*1000000000LL}

static const struct scenario scenarios[] = {
    {"001-a-year-in-peace", {DEFAULTS, RUN(365LL * DAY)}, RENEWER_FRESH, 1, 26280},
    {"002-down-a-minute", {DEFAULTS, RUN(DAY), .fate = down_one_minute}, RENEWER_FRESH, 1, 72},
    {"003-down-half-a-life",
     {DEFAULTS, RUN(DAY), .fate = down_half_lifetime},
     RENEWER_FRESH,
     1,
     70},
    {"004-down-longer-than-life",
     {DEFAULTS, RUN(DAY), .fate = down_longer_than_life, .can_join = true},
     RENEWER_FRESH,
     3 * HOUR,
     50},
    {"005-up-20-minutes-of-3-hours",
     {DEFAULTS, RUN(7LL * DAY), .fate = up_twenty_of_three_hours, .can_join = true},
     RENEWER_STATE_COUNT,
     7 * DAY * 2 / 3,
     30},
    {"006-requests-lost", {DEFAULTS, RUN(DAY), .fate = requests_lost}, RENEWER_STATE_COUNT, 1, 50},
    {"007-reply-lost", {DEFAULTS, RUN(HOUR), .fate = third_reply_lost}, RENEWER_OVERTAKEN, 1, 2},
    {"008-error-that-cost-a-generation",
     {DEFAULTS, RUN(HOUR), .fate = error_that_cost},
     RENEWER_OVERTAKEN,
     1,
     2},
    {"009-disk-full-for-a-day",
     {DEFAULTS, RUN(3LL * DAY), .disk_full = full_for_a_day},
     RENEWER_FRESH,
     1,
     70},
    {"010-crashes",
     {DEFAULTS, RUN(30LL * DAY), .crash_every = {2LL * HOUR * 1000000000LL}},
     RENEWER_STATE_COUNT,
     1,
     0},
    {"011-crashes-and-lost-requests",
     {DEFAULTS, RUN(30LL * DAY), .fate = requests_lost, .crash_every = {2LL * HOUR * 1000000000LL}},
     RENEWER_STATE_COUNT,
     1,
     0},
    {"020-our-clock-3-years-ahead",
     {DEFAULTS, RUN(DAY), .wall_offset = {3LL * 365 * DAY * 1000000000LL}},
     RENEWER_FRESH,
     1,
     72},
    {"021-our-clock-3-years-behind",
     {DEFAULTS, RUN(DAY), .wall_offset = {-3LL * 365 * DAY * 1000000000LL}},
     RENEWER_FRESH,
     1,
     72},
    {"101-lost-reply-per-instance-holds",
     {DEFAULTS, RUN(HOUR), .fate = third_reply_lost, .per_instance = true},
     RENEWER_HELD,
     1,
     2},
    {"102-lost-request-per-instance-retries",
     {DEFAULTS, RUN(DAY), .fate = requests_lost, .per_instance = true, .retry_open = true},
     RENEWER_FRESH,
     1,
     50},
};

static bool run_one(const struct scenario *s, uint64_t seed)
{
    struct world w;
    struct world_config config = s->config;
    config.seed = seed;
    if (!world_run(&w, &config))
        return false;
    bool as_expected = (s->end == RENEWER_STATE_COUNT || w.renewer.state == s->end) &&
                       dur_to_s(w.without) <= s->max_without_s && w.renewals >= s->min_renewals;
    if (!as_expected)
        fprintf(
            stderr, "%s seed %" PRIu64 ": ended %s, %u renewals, %" PRId64 " s without identity\n",
            s->name, seed, renewer_state_name(w.renewer.state), w.renewals, dur_to_s(w.without));
    return as_expected;
}

int main(int argc, char **argv)
{
    uint64_t first = 1, count = 20;
    for (int c; (c = getopt(argc, argv, "s:n:")) != -1;) {
        if (c == 's')
            first = strtoull(optarg, NULL, 10), count = 1;
        else if (c == 'n')
            count = strtoull(optarg, NULL, 10);
        else
            return 2;
    }
    int failed = 0;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        bool ok = true;
        for (uint64_t seed = first; ok && seed < first + count; seed++)
            ok = run_one(&scenarios[i], seed);
        printf("%s %s\n", ok ? "ok" : "not ok", scenarios[i].name);
        failed += !ok;
    }
    return failed ? 1 : 0;
}
