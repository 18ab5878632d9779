/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/transport/walk_world.h"

#include "identity/pki/ossl.h"
#include "identity/pki/pin.h"
#include "proto/method.h"
#include "proto/msg_auth.h"

#include <netdb.h>

#define FIND "{\"cluster_name\":\"example\",\"server_version\":\"17.4.2\",\"proxy\":{}}"

/* Nobody is asked for names that do not exist. */
int __real_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret)
{
    return strstr(host, ".invalid") ? EAI_NONAME : __real_getaddrinfo(host, port, hints, ret);
}

/* --- the server --- */

static void handle(void *arg, const struct fake_call *call, struct fake_answer *answer)
{
    const struct walk_world *w = arg;
    CLEANUP(freep) char *pem = host_ca_pem(&w->ca);
    const struct msg_ping_reply ping = {.cluster_name = "example", .server_version = w->version};
    const struct msg_cluster_ca ca = {.tls_ca = pem};
    const struct msg_user user = {.name = "bot-test"};
    if (strcmp(call->method, METHOD_PING) == 0) {
        err_free(msg_ping_reply_encode(&ping, &answer->reply));
    } else if (strcmp(call->method, METHOD_GET_CLUSTER_CA_CERT) == 0) {
        err_free(msg_cluster_ca_encode(&ca, &answer->reply));
    } else if (w->refusal) {
        answer->status = w->status;
        answer->text = w->refusal;
    } else if (strcmp(call->method, METHOD_GET_CURRENT_USER) == 0) {
        err_free(msg_user_encode(&user, &answer->reply));
    } else {
        answer->status = 12;
        answer->text = "a call that no walk makes";
    }
}

static void handle_http(void *arg, const char *request, struct buf *reply)
{
    const struct walk_world *w = arg;
    bool is_find = strncmp(request, "GET /webapi/find ", 17) == 0 && w->find;
    const char *body = is_find ? w->find : "{}";
    err_free(buf_printf(reply, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s",
                        is_find ? "200 OK" : "404 Not Found", w->date, strlen(body), body));
}

/* --- the walker --- */

static void on_begin(void *arg, enum walk_step step, const char *where)
{
    struct walk_world *w = arg;
    assert_true(step < WALK_STEP_COUNT);
    assert_true(*where);
    w->n_begun++;
}

static void on_end(void *arg, const struct walk_event *e)
{
    struct walk_world *w = arg;
    assert_true(w->len < WALK_WORLD_EVENTS);
    struct walk_seen *s = &w->events[w->len++];
    *s = (struct walk_seen){
        .step = e->step, .status = e->status, .code = e->code, .shown = e->shown};
    snprintf(s->where, sizeof(s->where), "%s", e->where);
    snprintf(s->text, sizeof(s->text), "%s", e->text);
    snprintf(s->hint, sizeof(s->hint), "%s", e->hint ? e->hint : "");
    assert_true(e->took.ns >= 0);
    if ((e->status == WALK_FAILED || e->status == WALK_WARNING) && !e->hint)
        fail_msg("no remedy: %s: %s", walk_step_name(e->step), e->text);
}

int walk_world_set_up(void **state)
{
    static const char *const alpn[] = {"h2", "http/1.1", "teleport-reversetunnel", NULL};
    struct walk_world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    host_ca_init(&w->ca, "example");
    host_ca_init(&w->foreign, "elsewhere");
    fake_clock_init(&w->clock, "2026-01-02T03:04:05Z");
    w->dir = temp_dir_make();
    w->version = "17.4.2";
    w->date = "";
    w->find = FIND;
    w->server = (struct fake_cluster_config){
        .ca = &w->ca, .alpn = alpn, .handle = handle, .handle_http = handle_http, .arg = w};
    w->watch = (struct walk_watch){.begin = on_begin, .end = on_end, .arg = w};
    w->config = (struct walk_config){.limit = dur_s(20), .watch = &w->watch, .ca_pins = &w->pins};
    *state = w;
    return 0;
}

int walk_world_tear_down(void **state)
{
    struct walk_world *w = *state;
    if (w->fc)
        fake_cluster_stop(w->fc);
    credentials_free(w->config.creds);
    strlist_release(&w->pins);
    temp_dir_remove(&w->dir);
    host_ca_release(&w->ca);
    host_ca_release(&w->foreign);
    free(w);
    return 0;
}

void walk_world_give_identity(struct walk_world *w, const struct host_ca *ca)
{
    CLEANUP(credentials_freep) struct credentials *c = fixture_credentials(&(struct fixture){0});
    CLEANUP(strlist_release) struct strlist cas = {0};
    CLEANUP(freep) char *pem = host_ca_pem(ca);
    assert_ok(strlist_add(&cas, pem));
    assert_ok(credentials_with_cas(c, &cas, credentials_ssh_cas(c), &w->config.creds));
}

void walk_world_give_pin(struct walk_world *w, const struct host_ca *ca)
{
    struct pin pin;
    char text[PIN_TEXT_SIZE];
    assert_ok(pin_of(ca->cert, &pin));
    assert_ok(strlist_add(&w->pins, pin_format(&pin, text)));
}

void walk_world_begin(struct walk_world *w, enum path_kind kind)
{
    w->fc = fake_cluster_start(&w->server);
    w->config.kind = kind;
    assert_ok(address_parse("127.0.0.1", fake_cluster_port(w->fc), &w->config.address));
}

static struct mono real_mono(const struct clock *c)
{
    (void)c;
    return clock_mono(clock_system());
}

bool walk_world_walk(struct walk_world *w)
{
    w->clock.clock.mono = real_mono;
    const struct ctx ctx = {&w->clock.clock, NULL, MONO_NEVER};
    return walk_run(&w->config, &ctx);
}

const struct walk_seen *walk_world_expect(const struct walk_world *w, enum walk_step step,
                                          enum walk_status status, const char *part)
{
    for (size_t i = 0; i < w->len; i++) {
        const struct walk_seen *s = &w->events[i];
        if (s->step == step && s->status == status && strstr(s->text, part))
            return s;
    }
    for (size_t i = 0; i < w->len; i++)
        print_error("%s %d: %s\n", walk_step_name(w->events[i].step), (int)w->events[i].status,
                    w->events[i].text);
    fail_msg("no %s with status %d and '%s'", walk_step_name(step), (int)status, part);
    return NULL;
}

void walk_world_expect_all_ok(const struct walk_world *w)
{
    for (size_t i = 0; i < w->len; i++)
        if (w->events[i].status != WALK_OK && w->events[i].step != WALK_CLOCK)
            fail_msg("%s: %s", walk_step_name(w->events[i].step), w->events[i].text);
}

void walk_world_expect_rest_not_tried(const struct walk_world *w, enum walk_step failed)
{
    for (enum walk_step step = failed + 1; step < WALK_STEP_COUNT; step++)
        walk_world_expect(w, step, WALK_NOT_TRIED, walk_step_name(failed));
}

const struct walk_seen *walk_world_expect_end(struct walk_world *w, enum fake_kind kind,
                                              enum walk_step step, const char *part)
{
    walk_world_give_identity(w, &w->ca);
    w->server.kind = kind;
    walk_world_begin(w, PATH_AUTH);
    assert_false(walk_world_walk(w));
    const struct walk_seen *s = walk_world_expect(w, step, WALK_FAILED, part);
    walk_world_expect_rest_not_tried(w, step);
    return s;
}
