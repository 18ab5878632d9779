/* SPDX-License-Identifier: Apache-2.0 */
#include "server_world.h"

#include <stdio.h>

#define GOOD "Authorization: Bearer a-token-0123456789\r\n"
#define WRONG "Authorization: Bearer b-token-0123456789\r\n"

static unsigned n_renewed;

static void renew(void *arg)
{
    (void)arg;
    n_renewed++;
}

/* On every address, where strangers get no details; with a failure that has a reason. */
static int set_up(void **state)
{
    static char path[128];
    world_setup(state);
    struct server_world *w = *state;
    n_renewed = 0;
    w->control.renew = renew;
    temp_dir_put(&w->dir, "tokens",
                 bytes_of_str("prometheus read a-token-0123456789\n"
                              "deploy change c-token-0123456789\n"));
    snprintf(path, sizeof(path), "%s", temp_dir_join(&w->dir, "tokens"));
    w->token_file = path;
    world_listen(w, "0.0.0.0:0");
    struct err *e = err_new(ERR_UNAVAILABLE, "nobody answers");
    health_failed(w->identity, "renew", e, loop_now(w->loop));
    err_free(e);
    return 0;
}

static void test_token_shows_the_details(void **state)
{
    struct server_world *w = *state;
    assert_null(strstr(world_get(w, 0, "/readyz"), "nobody answers"));
    const char *reply = world_get_with(w, 0, "/readyz", GOOD);
    assert_true(begins(reply, "HTTP/1.1 503 "));
    assert_non_null(strstr(reply, "nobody answers"));
}

static void test_wrong_token_is_told_which_kind_is_wanted_and_counted(void **state)
{
    struct server_world *w = *state;
    static const char *const wrong[] = {WRONG, "Authorization: Basic YTpi\r\n",
                                        "Authorization:\r\n"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *reply = world_get_with(w, 0, "/livez", wrong[i]);
        assert_true(begins(reply, "HTTP/1.1 401 "));
        assert_non_null(strstr(reply, "WWW-Authenticate: Bearer\r\n"));
        assert_null(strstr(reply, "nobody answers"));
    }
    assert_non_null(
        strstr(world_get_with(w, 0, "/metrics", GOOD), "tbot_diag_auth_failures_total 3\n"));
}

static const char *told_when_renewing(struct server_world *w, const char *header)
{
    static char reply[REPLY_SIZE];
    char request[256];
    int fd = world_connect(w, 0);
    snprintf(request, sizeof(request),
             "POST /renew HTTP/1.1\r\nHost: x\r\n%sContent-Length: 0\r\n\r\n", header);
    world_send(fd, request);
    world_read(w, fd, reply);
    close(fd);
    return reply;
}

static void test_change_needs_a_token_with_that_right(void **state)
{
    struct server_world *w = *state;
    assert_true(begins(told_when_renewing(w, ""), "HTTP/1.1 401 "));
    assert_true(begins(told_when_renewing(w, GOOD), "HTTP/1.1 403 "));
    assert_int_equal(n_renewed, 0);
    const char *may = "Authorization: Bearer c-token-0123456789\r\n";
    assert_true(begins(told_when_renewing(w, may), "HTTP/1.1 202 "));
    assert_int_equal(n_renewed, 1);
}

/* On a connection that goes on, the next request must prove itself again. */
static void test_token_is_good_for_its_own_request_only(void **state)
{
    struct server_world *w = *state;
    static char reply[REPLY_SIZE];
    int fd = world_connect(w, 0);
    world_send(fd, "GET /readyz HTTP/1.1\r\nHost: x\r\n" GOOD "\r\n");
    world_read(w, fd, reply);
    assert_non_null(strstr(reply, "nobody answers"));
    world_send(fd, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    world_read(w, fd, reply);
    assert_true(begins(reply, "HTTP/1.1 503 "));
    assert_null(strstr(reply, "nobody answers"));
    close(fd);
}

static void test_token_taken_back_is_refused_from_then_on(void **state)
{
    struct server_world *w = *state;
    assert_true(begins(world_get_with(w, 0, "/livez", GOOD), "HTTP/1.1 200 "));
    temp_dir_put(&w->dir, "tokens", bytes_of_str("# nobody\n"));
    assert_true(begins(world_get_with(w, 0, "/livez", GOOD), "HTTP/1.1 401 "));
}

static void test_server_with_a_file_that_cannot_be_used_does_not_start(void **state)
{
    struct server_world *w = *state;
    struct diag_server *second = NULL;
    struct diag_server_config c = {.loop = w->loop,
                                   .clock = &w->time.clock,
                                   .health = w->health,
                                   .token_file = "/nonexistent/tokens",
                                   .version = "1"};
    assert_fails(diag_server_new(&c, &second), ERR_CONFIG, "/nonexistent/tokens");
}

#define WORLD_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_token_shows_the_details),
        WORLD_TEST(test_wrong_token_is_told_which_kind_is_wanted_and_counted),
        WORLD_TEST(test_change_needs_a_token_with_that_right),
        WORLD_TEST(test_token_is_good_for_its_own_request_only),
        WORLD_TEST(test_token_taken_back_is_refused_from_then_on),
        WORLD_TEST(test_server_with_a_file_that_cannot_be_used_does_not_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
