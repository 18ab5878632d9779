/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks diag_http_add() and what follows: the reading of requests, diag_routes_answer() and every page.
 * The first byte says who asks and what he may, the second how many bytes he sends at once, the rest is
 * what he sends. Some is held, asked again, and left.
 *
 * One server answers all inputs; each gets a connection of its own, which must be gone afterwards.
 */
#include "diag/http.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define TURNS_MAX 50
#define REPLY_SIZE 65536

struct world {
    struct loop *loop;
    struct diag_http *http;
    struct health *health;
    struct metrics *metrics;
    struct log *log;
    struct diag_policy policy;
    struct diag_asker asker;
    struct place place;
    bool is_closed;
};

static struct mono fixed_mono(const struct clock *c)
{
    (void)c;
    return (struct mono){dur_s(1000).ns};
}

static struct wall fixed_wall(const struct clock *c)
{
    (void)c;
    return wall_of_unix(1700000000);
}

static const struct clock fixed = {.mono = fixed_mono, .wall = fixed_wall};

static void do_nothing(void *arg)
{
    (void)arg;
}

static bool may(const struct world *w, const struct diag_asker *asker, enum diag_right right)
{
    return diag_access(&w->policy, asker, right) == DIAG_ALLOW;
}

static bool on_answer(void *arg, struct place *at, struct diag_request *r, struct diag_answer *a)
{
    static const struct diag_control control = {
        .renew = do_nothing, .reload = do_nothing, .shut_down = do_nothing};
    struct world *w = arg;
    struct diag_asker asker = w->asker;
    asker.host = r->asker.host;
    asker.had_token = r->authorization != NULL;
    asker.is_token_valid &= asker.had_token;
    r->asker = asker;
    struct diag_facts facts = {.health = w->health,
                               .metrics = w->metrics,
                               .now = loop_now(w->loop),
                               .control = &control,
                               .log = w->log,
                               .may_hold = true};
    place_begin_answer(at, facts.now.mono);
    if (!fuzz_is_accepted(diag_routes_answer(&w->policy, r, &facts, a)))
        return false;
    fuzz_check(a->is_held || (a->code >= 200 && a->code < 600), "an answer has a code");
    fuzz_check(a->deed.kind == DIAG_DEED_NONE || may(w, &asker, DIAG_CHANGE),
               "who may not change anything does not");
    fuzz_check(!facts.with_details || may(w, &asker, DIAG_DETAILS),
               "details are not for strangers");
    if (a->is_held)
        place_hold(at, a->ask_at);
    return true;
}

static void on_answered(void *arg, struct place *at)
{
    const struct world *w = arg;
    place_end_answer(at, loop_now(w->loop).mono);
}

static void on_closed(void *arg, struct place *at)
{
    (void)at;
    ((struct world *)arg)->is_closed = true;
}

static void make_world(struct world *w)
{
    struct health_service *s = NULL;
    CLEANUP(closep) int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    fuzz_check(nowhere >= 0, "there is a /dev/null");
    w->log = log_new(dup(nowhere), LOG_TEXT, LOG_INFO, &fixed);
    fuzz_check(w->log != NULL, "a log is made");
    fuzz_must(loop_new(&fixed, &w->loop));
    fuzz_must(metrics_new(&w->metrics));
    fuzz_must(health_new(&w->health));
    fuzz_must(health_add(w->health, "identity", HEALTH_SERVICE, loop_now(w->loop), &s));
    struct err *why = err_new(ERR_UNAVAILABLE, "refused");
    health_failed(s, "renew", why, loop_now(w->loop));
    err_free(why);
    fuzz_must(health_add(w->health, "connection", HEALTH_PERIODIC, loop_now(w->loop), &s));
    struct diag_http_config config = {.loop = w->loop,
                                      .log = w->log,
                                      .server = "tbot/0",
                                      .arg = w,
                                      .answer = on_answer,
                                      .answered = on_answered,
                                      .closed = on_closed};
    fuzz_must(diag_http_new(&config, &w->http));
}

static void choose_asker(struct world *w, uint8_t bits)
{
    static const enum diag_origin origins[] = {DIAG_FROM_SOCKET, DIAG_FROM_SOCKET,
                                               DIAG_FROM_LOOPBACK, DIAG_FROM_NETWORK};
    w->asker = (struct diag_asker){.origin = origins[bits & 3],
                                   .is_peer_allowed = bits & 1,
                                   .is_token_valid = bits & 4,
                                   .may_change = bits & 8,
                                   .is_known = bits & 16,
                                   .is_tls = bits & 16};
    w->policy = (struct diag_policy){.is_debug = bits & 32, .unsafe_plain = bits & 64};
}

static void turn(struct world *w, int client, char reply[REPLY_SIZE], size_t *len)
{
    fuzz_must(loop_turn(w->loop));
    ssize_t n = recv(client, reply + *len, REPLY_SIZE - *len, MSG_DONTWAIT);
    *len += n > 0 ? (size_t)n : 0;
}

/* He sends everything, is asked for more in vain, and goes. */
static void talk(struct world *w, int client, struct bytes rest, size_t step)
{
    static char reply[REPLY_SIZE];
    size_t len = 0;
    while (rest.len > 0 && !w->is_closed) {
        size_t n = step > 0 && step < rest.len ? step : rest.len;
        ssize_t sent = send(client, rest.data, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0)
            rest = (struct bytes){rest.data + sent, rest.len - (size_t)sent};
        turn(w, client, reply, &len);
        if (sent < 0 && len == REPLY_SIZE)
            break; /* he does not read any more */
    }
    diag_http_ask_again(w->http);
    turn(w, client, reply, &len);
    fuzz_check(len < 9 || memcmp(reply, "HTTP/1.", 7) == 0, "what is said is an answer");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    if (!w.http)
        make_world(&w);
    struct bytes rest = {data, size};
    choose_asker(&w, fuzz_take_byte(&rest));
    size_t step = fuzz_take_byte(&rest);
    int pair[2];
    fuzz_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0,
               "two sockets are made");
    w.place = (struct place){.state = PLACE_WAITING, .fd = pair[0], .is_local = true};
    w.is_closed = false;
    diag_http_add(w.http, &w.place);
    talk(&w, pair[1], rest, step);
    if (!w.is_closed)
        diag_http_end(w.http, &w.place);
    for (int i = 0; i < TURNS_MAX && !w.is_closed; i++)
        fuzz_must(loop_turn(w.loop));
    fuzz_check(w.is_closed, "a connection ends when it must");
    close(pair[1]);
    return 0;
}
