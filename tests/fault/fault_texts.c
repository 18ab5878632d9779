/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read and written without a directory of our own: configuration, keys, messages, the files of
 * an output, the log. Every fault is an error that says so, or does no harm.
 */
#include "agent/config_write.h"
#include "agent/output_files.h"
#include "agent/reload_judge.h"
#include "diag/core/log.h"
#include "proto/msg_certs.h"
#include "tests/fault/identities.h"
#include "tests/fault/walk.h"
#include "tests/support/assert_err.h"
#include "tests/support/fake_clock.h"
#include "transport/webapi_json.h"

#include <fcntl.h>
#include <stdio.h>

#define TOKEN "a-token-nobody-may-see"

/* --- the configuration --- */

static const char config_text[] = "version: v2\n"
                                  "proxy_server: proxy.example:443\n"
                                  "onboarding:\n"
                                  "  token: " TOKEN "\n"
                                  "  join_method: token\n"
                                  "  ca_pins: [\"sha256:0123456789abcdef0123456789abcdef0123456789"
                                  "abcdef0123456789abcdef\"]\n"
                                  "storage: {type: directory, path: /var/lib/bot, symlinks: "
                                  "secure}\n"
                                  "certificate_ttl: 1h30m\n"
                                  "renewal_interval: 20m\n"
                                  "outputs:\n"
                                  "  - name: first\n"
                                  "    type: identity\n"
                                  "    roles: [one, two, three]\n"
                                  "    destination:\n"
                                  "      type: directory\n"
                                  "      path: /opt/first\n"
                                  "      acls: required\n"
                                  "      readers: [{user: alice}, {group: staff}]\n"
                                  "  - type: identity\n"
                                  "    cluster: leaf.example\n"
                                  "    destination: {type: memory}\n";

static void set_up_config(struct walk *w)
{
    temp_dir_write(&w->dir, "tbot.yaml", config_text);
}

static struct err *act_config(struct walk *w)
{
    CLEANUP(config_freep) struct config *config = NULL;
    CLEANUP(secret_freep) struct secret *text = NULL;
    char path[96];
    snprintf(path, sizeof(path), "%s/tbot.yaml", w->dir.path);
    TRY(config_load(path, &config));
    TRY(config_validate(config));
    TRY(config_write(config, &text));
    walk_check(w,
               config->n_services == 2 && config->services[0].roles.len == 3 &&
                   config->services[0].destination.n_readers == 2 &&
                   strstr(secret_str(text), TOKEN),
               "a part of the configuration is missing, and nothing says so");
    return NULL;
}

/* One mistake on many lines: the error is made of parts. */
static struct err *act_bad_config(struct walk *w)
{
    static const char bad[] = "version: v2\nproxy_sever: x\noutputs:\n  - type: identity\n"
                              "    roels: [a]\n    destination: {type: directry, path: /x}\n";
    CLEANUP(config_freep) struct config *config = NULL;
    struct err *e = config_parse("bad.yaml", bytes_of_str(bad), &config);
    if (err_code(e) == ERR_NOMEM)
        return e;
    CLEANUP(freep) char *text = err_text(e);
    walk_check(w, err_code(e) == ERR_CONFIG, "not refused");
    if (text)
        walk_check(w,
                   strstr(text, "proxy_sever") && strstr(text, "roels") && strstr(text, "directry"),
                   "a mistake is not named: '%s'", text);
    err_free(e);
    return NULL;
}

static struct err *read_next(void *arg, struct config **ret)
{
    (void)arg;
    CLEANUP(config_freep) struct config *config = NULL;
    TRY(config_parse("next.yaml", bytes_of_str(config_text), &config));
    TRY(config_validate(config));
    config->services[1].ssh_config = false;
    *ret = TAKE(config);
    return NULL;
}

/* A reload that failed says so, and one that did not has everything. */
static struct err *act_reload(struct walk *w)
{
    CLEANUP(config_freep) struct config *running = NULL;
    CLEANUP(reload_verdict_release) struct reload_verdict v = {0};
    CLEANUP(config_service_freep) struct config_service *own = NULL;
    TRY(config_parse("tbot.yaml", bytes_of_str(config_text), &running));
    TRY(config_validate(running));
    const struct reload_question q = {
        .source = {w, read_next}, .running = running, .started = running, .clock = clock_system()};
    reload_judge(&q, &v);
    if (v.outcome.has_failed)
        return err_nomem();
    walk_check(w,
               v.outcome.changed.len == 1 && v.outcome.n_kept == 1 &&
                   v.diff.services[1].keys.len == 1 && v.diff.n_removed == 0,
               "a part of what has changed is missing, and nothing says so");
    return config_take_service(v.next, 1, &own);
}

/* --- keys, messages --- */

static struct err *reread_key(struct walk *w, enum key_kind kind)
{
    CLEANUP(key_freep) struct key *made = NULL, *read = NULL;
    CLEANUP(secret_freep) struct secret *pem = NULL;
    CLEANUP(buf_release) struct buf public = BUF_INIT(16384);
    TRY(key_generate(kind, &made));
    TRY(key_to_pem(made, &pem));
    TRY(key_from_pem(secret_bytes(pem), &read));
    TRY(key_public_pem(read, &public));
    TRY(key_public_ssh(read, &public));
    walk_check(w, key_equals(made, read), "another key");
    return NULL;
}

static struct err *act_keys(struct walk *w)
{
    TRY(reread_key(w, KEY_ECDSA_P256));
    return reread_key(w, KEY_ED25519);
}

static struct err *act_messages(struct walk *w)
{
    CLEANUP(msg_certs_release) struct msg_certs read = {0};
    CLEANUP(buf_release) struct buf wire = BUF_INIT(MSG_MAX);
    char *cas[] = {(char[]){"one"}, (char[]){"two"}};
    const struct strlist list = {cas, 2};
    const struct msg_certs sent = {
        .ssh = "a line", .tls = "a certificate", .tls_cas = list, .ssh_cas = list};
    TRY(msg_certs_encode(&sent, &wire));
    TRY(msg_certs_decode(buf_bytes(&wire), &read));
    walk_check(w, strcmp(read.tls, sent.tls) == 0 && read.tls_cas.len == 2 && read.ssh_cas.len == 2,
               "a part of the message is missing");
    return NULL;
}

/* Reading JSON is not walked: without memory jansson drops bytes or aborts. */
static struct err *act_join_body(struct walk *w)
{
    CLEANUP(secret_freep) struct secret *body = NULL;
    const struct msg_register_request request = {.token = TOKEN};
    TRY(webapi_json_register(&request, &body));
    walk_check(w, strstr(secret_str(body), TOKEN), "the token is missing");
    return NULL;
}

/* --- the files of an output --- */

static char *ca_pem, *ca_line;

static struct err *act_files(struct walk *w)
{
    CLEANUP(output_files_release) struct output_files files = {0};
    const struct strlist pems = {&ca_pem, 1}, lines = {&ca_line, 1};
    const struct output_cluster cluster = {FIXTURE_CLUSTER, &lines};
    const struct output_inputs in = {
        .creds = identity(1),
        .cluster = FIXTURE_CLUSTER,
        .cas = {&pems, &pems, &pems},
        .with_ssh = true,
        .ssh = {.clusters = &cluster,
                .n_clusters = 1,
                .proxy = "proxy.example:443",
                .bin = "/usr/bin/tbot",
                .dir = "/opt/out",
                .server_major = 18},
    };
    TRY(output_files_build(&in, &files));
    walk_check(w, files.len == 12, "%zu files", files.len);
    return NULL;
}

/* --- the log --- */

static struct err *write_log(struct walk *w, enum log_format format)
{
    struct fake_clock time;
    faults_pause();
    fake_clock_init(&time, "2026-01-02T03:04:05Z");
    int fd = open(temp_dir_join(&w->dir, "log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    faults_resume();
    CLEANUP(closep) int to_close = fd;
    CLEANUP(log_freep) struct log *l = log_new(to_close, format, LOG_INFO, &time.clock);
    if (!l)
        return err_nomem();
    CLEANUP(err_freep) struct err *e = err_new(ERR_STORAGE, "disk 'a'\nis gone");
    err_set_hint(e, "Bring it back.");
    log_info(l, "walk", "first", LOG_STR("text", "two words"), LOG_INT("n", 3));
    log_err(l, LOG_ERROR, "walk", "second", e, LOG_DUR("after", dur_s(2)));
    return NULL;
}

static struct err *act_log_text(struct walk *w)
{
    return write_log(w, LOG_TEXT);
}

static struct err *act_log_json(struct walk *w)
{
    return write_log(w, LOG_JSON);
}

/* However much of it was lost, every line begins where a line begins and has an end. */
static void check_log(struct walk *w, const struct err *e)
{
    CLEANUP(freep) char *log = temp_dir_read(&w->dir, "log");
    unsigned lines = 0;
    for (const char *at = log; at && *at; lines++) {
        const char *end = strchr(at, '\n');
        walk_check(w, strncmp(at, "2026-", 5) == 0 || *at == '{', "a line begins '%.40s'", at);
        if (!walk_check(w, end || w->was_killed, "the last line has no end: '%s'", at) || !end)
            return;
        at = end + 1;
    }
    if (w->kind->is_harmless)
        walk_check(w, !e && lines == 2, "%u lines: '%s'", lines, log);
}

#define READING (KINDS_MEMORY | 1U << KIND_BROKEN | 1U << KIND_INTERRUPTED | 1U << KIND_SHORT)

static const struct scenario scenarios[] = {
    {"configuration", READING, set_up_config, act_config},
    {"bad configuration", KINDS_MEMORY, NULL, act_bad_config},
    {"reload", KINDS_MEMORY, NULL, act_reload},
    {"keys", KINDS_MEMORY, NULL, act_keys},
    {"messages", KINDS_MEMORY, NULL, act_messages},
    {"body of a join", KINDS_MEMORY, NULL, act_join_body},
    {"files of an output", KINDS_MEMORY, NULL, act_files},
    {"log, text", KINDS_MEMORY | KINDS_DISK, NULL, act_log_text, check_log},
    {"log, JSON", KINDS_MEMORY | KINDS_DISK, NULL, act_log_json, check_log},
};

static void free_cas(void)
{
    free(ca_pem);
    free(ca_line);
}

int main(int argc, char **argv)
{
    identities_make();
    walk_keep_secret(TOKEN);
    ca_pem = fixture_ca_pem();
    ca_line = fixture_ssh_ca_line();
    assert_int_equal(atexit(free_cas), 0);
    return walk_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
