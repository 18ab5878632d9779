/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/authority/world.h"

#include "authority/pubkey.h"
#include "authority/say.h"
#include "authority/state.h"
#include "identity/pki/ossl.h"
#include "identity/pki/x509.h"
#include "proto/method.h"
#include "proto/msg_auth.h"
#include "proto/msg_register.h"

#define CALL_MS 10000

struct key *world_key;

/* So is a cluster: each is made once for a suite and loaded by every test. */
static struct secret *clusters[SUITE_BALANCED_V1 + 1];

static const struct secret *cluster_of(enum suite suite)
{
    CLEANUP(state_release) struct state made = {0};
    struct fake_clock time;
    fake_clock_init(&time, "2026-09-21T12:00:00Z");
    if (!clusters[suite]) {
        assert_ok(state_generate("example", suite, fake_clock_wall(&time), &made));
        assert_ok(state_encode(&made, &clusters[suite]));
    }
    return clusters[suite];
}

static void cut(void *arg)
{
    struct world *w = arg;
    atomic_fetch_add(&w->n_cuts, 1);
    client_cut(w->client);
}

static void connect_client(struct world *w)
{
    const struct calls_config config = {.authority = w->authority,
                                        .clock = clock_system(),
                                        .peer = &w->peer,
                                        .port = RPC_PORT_AUTH,
                                        .cut = cut,
                                        .cut_arg = w};
    w->client = client_new(&config);
}

void world_reconnect(struct world *w)
{
    client_free(w->client);
    connect_client(w);
}

/* From now on the client shows this certificate. */
void world_become(struct world *w, const char *tls_pem)
{
    CLEANUP(x509_freep) X509 *cert = NULL;
    assert_ok(x509_from_pem(bytes_of_str(tls_pem), &cert));
    client_free(w->client);
    peer_release(&w->peer);
    assert_ok(peer_of_cert(cert, &w->peer));
    connect_client(w);
}

static struct world *world_new(int version)
{
    struct world *w = calloc(1, sizeof(*w));
    char *names[] = {(char[]){"access"}}, *leaves[] = {(char[]){"leaf"}};
    const struct strlist roles = {names, 1}, leaf_list = {leaves, 1};
    fake_clock_init(&w->time, "2026-09-21T12:00:00Z");
    fake_entropy_init(&w->dice, 11);
    enum suite suite = version < 17 ? SUITE_LEGACY : SUITE_BALANCED_V1;
    w->dir = temp_dir_make();
    temp_dir_write(&w->dir, "state", secret_str(cluster_of(suite)));
    const struct authority_config config = {.cluster = "example",
                                            .suite = suite,
                                            .version = version,
                                            .state_path = temp_dir_join(&w->dir, "state"),
                                            .leaves = &leaf_list,
                                            .clock = &w->time.clock,
                                            .entropy = &w->dice.entropy};
    assert_ok(authority_new(&config, &w->authority));
    assert_ok(authority_add_bot(w->authority, "b", &roles));
    assert_ok(authority_add_token(w->authority, "t", "b", NULL));
    w->line = BUF_INIT(PUBKEY_MAX);
    w->pem = BUF_INIT(PUBKEY_MAX);
    assert_ok(key_public_ssh(world_key, &w->line));
    assert_ok(key_public_pem(world_key, &w->pem));
    connect_client(w);
    return w;
}

int world_make_17(void **state)
{
    *state = world_new(17);
    return 0;
}

int world_make_15(void **state)
{
    *state = world_new(15);
    return 0;
}

int world_make_18(void **state)
{
    *state = world_new(18);
    return 0;
}

int world_free(void **state)
{
    struct world *w = *state;
    client_free(w->client);
    peer_release(&w->peer);
    authority_free(w->authority);
    temp_dir_remove(&w->dir);
    buf_release(&w->line);
    buf_release(&w->pem);
    free(w);
    return 0;
}

struct client_reply world_call(struct world *w, const char *method, const struct buf *request)
{
    const struct bytes none = {NULL, 0};
    return client_call(w->client, method, NULL, request ? buf_bytes(request) : none, CALL_MS);
}

void world_assert_status(const struct client_reply *r, int status, const char *part)
{
    if (r->status != status || !strstr(r->text, part))
        fail_msg("status %d: %s", r->status, r->text);
}

void world_command(struct world *w, const char *line)
{
    CLEANUP(strlist_release) struct strlist words = {0};
    struct fault fault;
    assert_ok(faults_split_line(line, &words));
    assert_ok(fault_parse(&words, &fault));
    assert_ok(authority_add_fault(w->authority, &fault));
}

struct client_reply world_register(struct world *w, const char *token, const char *role)
{
    CLEANUP(secret_freep) struct secret *request = NULL;
    const struct msg_register_request m = {.token = token,
                                           .role = role,
                                           .public_ssh_key = buf_str(&w->line),
                                           .public_tls_key = buf_str(&w->pem)};
    assert_ok(msg_register_request_encode(&m, &request));
    return client_call(w->client, METHOD_REGISTER_USING_TOKEN, NULL, secret_bytes(request),
                       CALL_MS);
}

/* What an agent would make of the reply. */
struct credentials *world_accept(const struct client_reply *r)
{
    CLEANUP(msg_certs_release) struct msg_certs certs = {0};
    struct credentials *c = NULL;
    world_assert_status(r, 0, "");
    assert_ok(msg_certs_decode(buf_bytes(&r->body), &certs));
    const struct credentials_parts parts = {world_key, bytes_of_str(certs.tls),
                                            bytes_of_str(certs.ssh), &certs.tls_cas,
                                            &certs.ssh_cas};
    assert_ok(credentials_new(&parts, &c));
    return c;
}

void world_join(struct world *w)
{
    CLEANUP(client_reply_release) struct client_reply r = world_register(w, "t", "Bot");
    CLEANUP(credentials_freep) struct credentials *c = world_accept(&r);
    assert_int_equal(credentials_subject(c)->generation, 1);
    world_become(w, credentials_tls_pem(c));
}

struct client_reply world_generate(struct world *w, struct msg_user_certs_request m)
{
    CLEANUP(buf_release) struct buf request = BUF_INIT(65536);
    m.username = m.username ? m.username : "bot-b";
    m.expires = wall_add(fake_clock_wall(&w->time), dur_s(600));
    assert_ok(msg_user_certs_request_encode(&m, &request));
    return world_call(w, METHOD_GENERATE_USER_CERTS, &request);
}

struct client_reply world_renew(struct world *w)
{
    return world_generate(w, (struct msg_user_certs_request){.ssh_public_key = buf_str(&w->line),
                                                             .tls_public_key = buf_str(&w->pem)});
}

int64_t world_own_generation(struct world *w)
{
    CLEANUP(client_reply_release)
    struct client_reply r = world_call(w, METHOD_GET_CURRENT_USER, NULL);
    CLEANUP(msg_user_release) struct msg_user user = {0};
    world_assert_status(&r, 0, "");
    assert_ok(msg_user_decode(buf_bytes(&r.body), &user));
    assert_string_equal(user.name, "bot-b");
    return strtoll(msg_user_label(&user, MSG_LABEL_BOT_GENERATION), NULL, 10);
}

int world_start(void **state)
{
    (void)state;
    say_nothing();
    calls_global_init();
    assert_ok(key_generate(KEY_RSA_2048, &world_key));
    return 0;
}

int world_end(void **state)
{
    (void)state;
    key_free(world_key);
    secret_free(clusters[SUITE_LEGACY]);
    secret_free(clusters[SUITE_BALANCED_V1]);
    calls_global_release();
    return 0;
}
