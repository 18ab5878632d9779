/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/credential_copies.h"

#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/temp_dir.h"

#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>

struct world {
    struct fake_clock time;
    struct temp_dir dir;
    struct loop *loop;
    struct pool *pool;
    struct credential_copies *copies;
    struct credentials *creds;
    struct credential_facts facts;
    struct credential_view views[2];
    int n_looked;
};

static void on_looked(void *arg)
{
    struct world *w = arg;
    w->n_looked++;
}

static void write_file(struct world *w, const char *name, const char *text)
{
    FILE *f = fopen(temp_dir_join(&w->dir, name), "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    fake_clock_init(&w->time, "2026-01-02T03:04:05Z");
    w->dir = temp_dir_make();
    loop_block_signals();
    assert_ok(loop_new(&w->time.clock, &w->loop));
    assert_ok(pool_new(w->loop, 1, &w->pool));
    struct credential_copies_config config = {.loop = w->loop,
                                              .clock = &w->time.clock,
                                              .workers = w->pool,
                                              .looked = on_looked,
                                              .arg = w};
    assert_ok(credential_copies_new(&config, &w->copies));
    w->creds = fixture_credentials(&(struct fixture){0});
    assert_ok(credential_facts_of(w->creds, &w->facts));
    w->views[0] =
        (struct credential_view){.service = "identity", .facts = &w->facts, .dir = w->dir.path};
    w->views[1] = (struct credential_view){.service = "memory", .facts = &w->facts};
    write_file(w, "tlscert", credentials_tls_pem(w->creds));
    write_file(w, "key-cert.pub", credentials_ssh_line(w->creds));
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    pool_free(w->pool);
    credential_copies_free(w->copies);
    credential_facts_release(&w->facts);
    credentials_free(w->creds);
    loop_free(w->loop);
    temp_dir_remove(&w->dir);
    free(w);
    return 0;
}

static void look(struct world *w)
{
    int before = w->n_looked;
    assert_false(credential_copies_look(w->copies, w->views, 2));
    while (w->n_looked == before) {
        assert_ok(loop_turn(w->loop));
        poll(NULL, 0, 1);
    }
}

static enum diag_copy state_of(struct world *w, size_t view, enum credential_kind kind)
{
    struct wall seen_at;
    return credential_copies_get(w->copies, &w->views[view], kind, &seen_at);
}

static void test_untouched_files_are_the_same(void **state)
{
    struct world *w = *state;
    struct wall seen_at;
    assert_int_equal(state_of(w, 0, CREDENTIAL_X509), DIAG_COPY_UNKNOWN);
    look(w);
    assert_int_equal(credential_copies_get(w->copies, &w->views[0], CREDENTIAL_X509, &seen_at),
                     DIAG_COPY_SAME);
    assert_int_equal(seen_at.ns, loop_now(w->loop).wall.ns);
    assert_int_equal(state_of(w, 0, CREDENTIAL_SSH), DIAG_COPY_SAME);
}

static void test_what_somebody_else_did_is_seen(void **state)
{
    struct world *w = *state;
    write_file(w, "tlscert", "another");
    assert_int_equal(unlink(temp_dir_join(&w->dir, "key-cert.pub")), 0);
    look(w);
    assert_int_equal(state_of(w, 0, CREDENTIAL_X509), DIAG_COPY_DIFFERS);
    assert_int_equal(state_of(w, 0, CREDENTIAL_SSH), DIAG_COPY_MISSING);
}

static void test_a_pipe_in_its_place_differs_and_holds_nobody_up(void **state)
{
    struct world *w = *state;
    assert_int_equal(unlink(temp_dir_join(&w->dir, "tlscert")), 0);
    assert_int_equal(mkfifo(temp_dir_join(&w->dir, "tlscert"), 0600), 0);
    look(w);
    assert_int_equal(state_of(w, 0, CREDENTIAL_X509), DIAG_COPY_DIFFERS);
}

static void test_a_directory_that_is_gone_has_no_files(void **state)
{
    struct world *w = *state;
    char gone[300];
    snprintf(gone, sizeof(gone), "%s/gone", w->dir.path);
    w->views[0].dir = gone;
    look(w);
    assert_int_equal(state_of(w, 0, CREDENTIAL_X509), DIAG_COPY_MISSING);
}

static void test_what_is_not_in_files_is_not_looked_at(void **state)
{
    struct world *w = *state;
    look(w);
    assert_int_equal(state_of(w, 1, CREDENTIAL_X509), DIAG_COPY_UNKNOWN);
}

static void test_the_next_look_comes_after_two_seconds(void **state)
{
    struct world *w = *state;
    look(w);
    write_file(w, "tlscert", "another");
    assert_true(credential_copies_look(w->copies, w->views, 2));
    assert_int_equal(state_of(w, 0, CREDENTIAL_X509), DIAG_COPY_SAME);
    fake_clock_advance(&w->time, dur_s(2));
    assert_ok(loop_turn(w->loop));
    look(w);
    assert_int_equal(state_of(w, 0, CREDENTIAL_X509), DIAG_COPY_DIFFERS);
}

static void test_a_renewal_makes_the_last_look_old(void **state)
{
    struct world *w = *state;
    look(w);
    CLEANUP(credentials_freep)
    struct credentials *fresh = fixture_credentials(&(struct fixture){.user = "bot-next"});
    credential_facts_release(&w->facts);
    assert_ok(credential_facts_of(fresh, &w->facts));
    assert_int_equal(state_of(w, 0, CREDENTIAL_X509), DIAG_COPY_UNKNOWN);
    write_file(w, "tlscert", credentials_tls_pem(fresh));
    look(w);
    assert_int_equal(state_of(w, 0, CREDENTIAL_X509), DIAG_COPY_SAME);
}

/* Between the last rename and the moment the service hears of it. */
static void test_a_renewal_under_way_is_not_somebody_else(void **state)
{
    struct world *w = *state;
    struct wall seen_at;
    w->views[0].is_busy = true;
    write_file(w, "tlscert", "the next");
    look(w);
    assert_int_equal(credential_copies_get(w->copies, &w->views[0], CREDENTIAL_X509, &seen_at),
                     DIAG_COPY_UNKNOWN);
    assert_int_equal(seen_at.ns, WALL_NONE.ns);
    assert_int_equal(state_of(w, 0, CREDENTIAL_SSH), DIAG_COPY_SAME);
    w->views[0].is_busy = false;
    assert_int_equal(state_of(w, 0, CREDENTIAL_X509), DIAG_COPY_DIFFERS);
}

int main(void)
{
#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_untouched_files_are_the_same),
        TEST(test_what_somebody_else_did_is_seen),
        TEST(test_a_pipe_in_its_place_differs_and_holds_nobody_up),
        TEST(test_a_directory_that_is_gone_has_no_files),
        TEST(test_what_is_not_in_files_is_not_looked_at),
        TEST(test_the_next_look_comes_after_two_seconds),
        TEST(test_a_renewal_makes_the_last_look_old),
        TEST(test_a_renewal_under_way_is_not_somebody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
