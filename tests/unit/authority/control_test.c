/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/control.h"

#include "authority/say.h"
#include "tests/support/assert_err.h"
#include "tests/support/temp_dir.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* What commands did to the server around the authority. */
struct hooks {
    unsigned n_outages, n_drops, n_ends;
    struct authority *authority;
    bool was_down;
};

static struct authority *authority;
static struct hooks hooks;
static struct control_config config;

static struct err *apply_outage(void *arg)
{
    struct hooks *h = arg;
    h->n_outages++;
    h->was_down = authority_is_down(h->authority);
    return NULL;
}

static void drop(void *arg)
{
    ((struct hooks *)arg)->n_drops++;
}

static void end(void *arg)
{
    ((struct hooks *)arg)->n_ends++;
}

static int start(void **state)
{
    (void)state;
    const struct strlist none = {0};
    say_nothing();
    const struct authority_config cluster = {.cluster = "example",
                                             .suite = SUITE_BALANCED_V1,
                                             .version = 17,
                                             .leaves = &none,
                                             .clock = clock_system(),
                                             .entropy = entropy_system()};
    assert_ok(authority_new(&cluster, &authority));
    hooks = (struct hooks){.authority = authority};
    config = (struct control_config){.authority = authority,
                                     .clock = clock_system(),
                                     .apply_outage = apply_outage,
                                     .drop = drop,
                                     .end = end,
                                     .arg = &hooks};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    authority_free(authority);
    return 0;
}

/* What a command printed; the caller frees. */
static char *run(const char *line)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(CONTROL_MAX_REPLY);
    assert_ok(control_run(&config, line, &out));
    return out.len ? buf_take_str(&out) : strdup("");
}

static void refused(const char *line, enum err_code code, const char *part)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(CONTROL_MAX_REPLY);
    assert_fails(control_run(&config, line, &out), code, part);
}

static json_t *status(void)
{
    CLEANUP(freep) char *text = run("status --json");
    json_t *doc = json_loads(text, 0, NULL);
    assert_non_null(doc);
    return doc;
}

static void test_bot_gets_tokens_and_locks(void **state)
{
    (void)state;
    free(run("new-bot robot=access,editor"));
    CLEANUP(freep) char *token = run("new-token robot");
    assert_int_equal(strlen(token), 33); /* with its newline */
    free(run("lock robot"));
    json_t *doc = status();
    const json_t *bot = json_array_get(json_object_get(doc, "bots"), 0);
    assert_string_equal(json_string_value(json_object_get(bot, "user")), "bot-robot");
    assert_true(json_is_true(json_object_get(bot, "locked")));
    assert_int_equal(json_integer_value(json_object_get(doc, "tokens")), 1);
    json_decref(doc);
    free(run("unlock robot"));
    doc = status();
    bot = json_array_get(json_object_get(doc, "bots"), 0);
    assert_true(json_is_false(json_object_get(bot, "locked")));
    json_decref(doc);
    refused("lock nobody", ERR_NOT_FOUND, "'nobody'");
    refused("new-token nobody", ERR_NOT_FOUND, "'nobody'");
}

static void test_outage_is_applied_and_ended(void **state)
{
    (void)state;
    hooks.n_outages = 0;
    free(run("refuse"));
    assert_int_equal(hooks.n_outages, 1);
    assert_true(hooks.was_down);
    free(run("clear refuse"));
    assert_int_equal(hooks.n_outages, 2);
    assert_false(hooks.was_down);
    /* A few refused connections are no outage: the port stays open. */
    free(run("refuse count 2"));
    assert_false(hooks.was_down);
    free(run("clear"));
}

static void test_clear_of_one_kind_leaves_the_others(void **state)
{
    (void)state;
    free(run("slow 5"));
    free(run("error UNAVAILABLE \"come back\" method Ping count 2"));
    free(run("clear slow"));
    json_t *doc = status();
    const json_t *faults = json_object_get(doc, "faults");
    assert_int_equal(json_array_size(faults), 1);
    const json_t *fault = json_array_get(faults, 0);
    assert_string_equal(json_string_value(json_object_get(fault, "kind")), "error");
    assert_int_equal(json_integer_value(json_object_get(fault, "count")), 2);
    json_decref(doc);
    free(run("clear"));
    assert_false(authority_take_fault(authority, FAULT_ERROR, "/a/Ping", NULL));
}

static void test_rotate_moves_one_or_all(void **state)
{
    (void)state;
    CLEANUP(freep) char *before = run("pin");
    free(run("rotate host"));
    free(run("rotate host update_clients"));
    CLEANUP(freep) char *clients = run("pin");
    assert_string_equal(clients, before); /* servers come later */
    free(run("rotate host"));
    CLEANUP(freep) char *servers = run("pin");
    assert_string_not_equal(servers, before);
    free(run("rotate host rollback"));
    CLEANUP(freep) char *after = run("pin");
    assert_string_equal(after, before);
    free(run("rotate host"));
    free(run("rotate"));
    json_t *doc = status();
    const char *kind;
    json_t *phase;
    json_object_foreach(json_object_get(doc, "authorities"), kind, phase)
        assert_string_equal(json_string_value(phase), "init");
    json_decref(doc);
    free(run("rotate all rollback"));
    free(run("rotate all standby"));
}

static void test_server_is_told(void **state)
{
    (void)state;
    free(run("drop"));
    free(run("stop"));
    assert_int_equal(hooks.n_drops, 1);
    assert_int_equal(hooks.n_ends, 1);
}

static void test_mistakes_are_told(void **state)
{
    (void)state;
    refused("", ERR_USAGE, "empty");
    refused("dance", ERR_USAGE, "no command 'dance'");
    refused("lock", ERR_USAGE, "'lock' takes 1 to 1 arguments, not 0");
    refused("rotate jwt", ERR_USAGE, "no authority 'jwt'");
    refused("rotate host soon", ERR_USAGE, "no phase 'soon'");
    refused("rotate host update_servers", ERR_REJECTED, "from 'standby'");
    refused("clear everything", ERR_USAGE, "no fault 'everything'");
    refused("status --yaml", ERR_USAGE, "'--yaml'");
    refused("slow soon", ERR_USAGE, "'soon'");
}

/* ---- The socket ---- */

static void *accept_one(void *arg)
{
    int fd = accept4(*(int *)arg, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    control_serve(NULL, fd, &config);
    return NULL;
}

static struct err *send_words(int listener, const char *path, char *const *words, int n)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, accept_one, &listener), 0);
    struct err *e = control_send(path, words, n);
    pthread_join(thread, NULL);
    return e;
}

static void test_socket_is_private_and_carries_words_whole(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir dir = temp_dir_make();
    const char *path = temp_dir_join(&dir, "s");
    struct stat st;
    CLEANUP(closep) int fd = -1;
    assert_ok(control_listen(path, &fd));
    /* A blocking accept, as nobody polls here. */
    assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    char *words[] = {(char[]){"error"}, (char[]){"UNAVAILABLE"}, (char[]){"say \"no\" \\ later"}};
    assert_ok(send_words(fd, path, words, 3));
    struct fault fault;
    assert_true(authority_take_fault(authority, FAULT_ERROR, "/x", &fault));
    assert_string_equal(fault.text, "say \"no\" \\ later");
    authority_clear_faults(authority);
    char *wrong[] = {(char[]){"dance"}};
    assert_fails(send_words(fd, path, wrong, 1), ERR_REJECTED, "no command 'dance'");
    /* Another authority does not take the place of this one. */
    int second = -1;
    assert_fails(control_listen(path, &second), ERR_UNAVAILABLE, path);
    assert_int_equal(second, -1);
}

static void test_socket_left_behind_is_taken_over(void **state)
{
    (void)state;
    CLEANUP(temp_dir_remove) struct temp_dir dir = temp_dir_make();
    const char *path = temp_dir_join(&dir, "s");
    int first = -1;
    CLEANUP(closep) int second = -1;
    assert_ok(control_listen(path, &first));
    close(first);
    char *words[] = {(char[]){"status"}};
    assert_fails(control_send(path, words, 1), ERR_UNAVAILABLE, path);
    assert_ok(control_listen(path, &second));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bot_gets_tokens_and_locks),
        cmocka_unit_test(test_outage_is_applied_and_ended),
        cmocka_unit_test(test_clear_of_one_kind_leaves_the_others),
        cmocka_unit_test(test_rotate_moves_one_or_all),
        cmocka_unit_test(test_server_is_told),
        cmocka_unit_test(test_mistakes_are_told),
        cmocka_unit_test(test_socket_is_private_and_carries_words_whole),
        cmocka_unit_test(test_socket_left_behind_is_taken_over),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
