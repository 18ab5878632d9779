/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config.h"

#include "agent/config_report.h"
#include "agent/yaml_tree.h"
#include "tests/unit/agent/config_test_support.h"

#include <stdio.h>
#include <string.h>

#define V2 "version: v2\n"
#define SECRET "services: [{type: identity, destination: {type: kubernetes_secret"
#define HOOK(reload) V2 "services: [{type: identity, destination: /x, reload: " reload "}]\n"

/* Every message a mistake in a file gets, word for word; the file is called "t". */
static const struct {
    const char *text, *message;
} mistakes[] = {
    /* the version */
    {"", "t:1:1: the file is empty"},
    {"# nothing\n", "t:1:1: the file is empty"},
    {"hello\n", "t:1:1: a configuration is a map, this is text"},
    {"auth_server: a:1\n",
     "t:1:1: key 'version': required; write 'version: v2'. A file without it is in the old format "
     "v1, which this tbot does not read: convert the file with the Go tbot: tbot migrate -c OLD -o "
     "NEW"},
    {"version: v1\n", "t:1:10: key 'version': this tbot does not read the old format 'v1': convert "
                      "the file with the "
                      "Go tbot: tbot migrate -c OLD -o NEW"},
    {"version: v3\nnonsense: 1\n", "t:1:10: key 'version': must be 'v2'"},
    {"version: [v2]\n", "t:1:10: key 'version': must be 'v2'"},

    /* YAML */
    {V2 "a: [1, 2\n",
     "t:3:1: not valid YAML: did not find expected ',' or ']', while parsing a flow "
     "sequence"},
    {V2 "\toneshot: true\n",
     "t:2:1: not valid YAML: found a tab character that violates indentation, "
     "while scanning a plain scalar"},
    {V2 "oneshot: \xff\n", "t:1:1: not valid YAML: invalid leading UTF-8 octet (byte 21)"},
    {V2 "auth_server: a:1\nauth_server: b:1\n",
     "t:3:1: key 'auth_server': appears twice, first in line 2"},
    {V2 "onboarding:\n  token: &secret abc\n",
     "t:3:10: anchors ('&') are not allowed; quote text that begins with '&'"},
    {V2 "onboarding:\n  token: *secret\n",
     "t:3:10: aliases ('*') are not allowed; quote text that begins with '*'"},
    {V2 "onboarding:\n  token: !secret abc\n",
     "t:3:10: tags ('!') are not allowed; quote text that begins with '!'"},
    {V2 "---\nversion: v2\n", "t:2:1: a second document ('---') is not allowed"},
    {V2 "[a]: b\n", "t:2:1: a key must be a plain name"},
    {V2 "auth_server: \"a\\0b\"\n", "t:2:14: text contains a NUL character"},
    {V2 "a: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]\n", "t:2:19: nested too deeply"},

    /* unknown keys */
    {V2 "credental_ttl: 1h\n",
     "t:2:1: key 'credental_ttl': unknown, did you mean 'credential_ttl'?"},
    {V2 "colour: red\n", "t:2:1: key 'colour': unknown"},
    {V2 "onboarding:\n  tokn: hunter2\n", "t:3:3: key 'tokn': unknown, did you mean 'token'?"},
    {V2 "storage:\n  type: memory\n  path: /x\n",
     "t:4:3: key 'path': is for destination type 'directory', not for 'memory'"},
    {V2 "\"a\\nb\": 1\n", "t:2:1: key 'a?b': unknown"},

    /* types */
    {V2 "oneshot: maybe\n", "t:2:10: key 'oneshot': 'maybe' is not true or false"},
    {V2 "oneshot: 'true'\n", "t:2:10: key 'oneshot': 'true' is not true or false (without quotes)"},
    {V2 "oneshot: [true]\n", "t:2:10: key 'oneshot': must be text, is a list"},
    {V2 "auth_server: {a: b}\n", "t:2:14: key 'auth_server': must be text, is a map"},
    {V2 "onboarding: hunter2\n", "t:2:13: key 'onboarding': must be a map, is text"},
    {V2 "onboarding:\n  token: [hunter2]\n", "t:3:10: key 'token': must be text, is a list"},
    {V2 "onboarding:\n  ca_pins: sha256:00\n",
     "t:3:12: key 'ca_pins': must be a list of texts, is text"},
    {V2 "onboarding:\n  ca_pins: [[a]]\n", "t:3:13: key 'ca_pins': every item must be text"},
    {V2 "services: {}\n", "t:2:11: key 'services': must be a list, is a map"},
    {V2 "services: [identity]\n", "t:2:12: key 'services': every item must be a map, is text"},
    {V2 "outputs: yes\n", "t:2:10: key 'outputs': must be a list, is text"},

    /* durations */
    {V2 "renewal_interval: 20\n",
     "t:2:19: key 'renewal_interval': '20' is not a duration such as 90s, 20m or 1h30m"},
    {V2 "credential_ttl: 1 hour\n",
     "t:2:17: key 'credential_ttl': '1 hour' is not a duration such as 90s, 20m or 1h30m"},
    {V2 "credential_ttl: 0s\n", "t:2:17: key 'credential_ttl': '0s' is not more than nothing"},
    {V2 "certificate_ttl: -1h\n", "t:2:18: key 'certificate_ttl': '-1h' is not more than nothing"},

    /* choices */
    {V2 "on_open_renewal: panic\n",
     "t:2:18: key 'on_open_renewal': 'panic' is not one of hold, retry"},
    {V2 "storage: {type: directory, path: /x, symlinks: no}\n",
     "t:2:48: key 'symlinks': 'no' is not one of try-secure, secure, insecure"},
    {V2 "storage: {type: directory, path: /x, acls: maybe}\n",
     "t:2:44: key 'acls': 'maybe' is not one of try, off, required"},
    {V2 "storage: {type: directory, path: /x, readers: [{role: x}]}\n",
     "t:2:48: key 'readers': every item must be 'user: …' or 'group: …'"},
    {V2 "storage: {type: directory, path: /x, readers: [{user: x, group: y}]}\n",
     "t:2:48: key 'readers': every item must be 'user: …' or 'group: …'"},
    {V2 "onboarding: {join_method: tokn}\n",
     "t:2:27: key 'join_method': no join method 'tokn', did you mean 'token'?"},
    {V2 "onboarding: {join_method: ec2}\n", "t:2:27: key 'join_method': no join method 'ec2'"},

    /* destinations */
    {V2 "storage: {path: /x}\n", "t:2:10: key 'type': required"},
    {V2 "storage: {type: directory}\n", "t:2:10: key 'path': required"},
    {V2 "storage: {type: directory, path: ''}\n", "t:2:34: key 'path': required"},
    {V2 "storage: ''\n", "t:2:10: key 'storage': the path is empty"},
    {V2 "storage: [/x]\n", "t:2:10: key 'storage': must be a map, is a list"},
    {V2 "storage: {type: directry, path: /x}\n",
     "t:2:17: key 'type': no destination type 'directry', did you mean 'directory'?"},
    {V2 "storage: {type: [memory]}\n", "t:2:17: key 'type': must be text, is a list"},
    {V2 "services: [{type: identity}]\n", "t:2:12: key 'destination': required"},
    {V2 "services: [{destination: /x}]\n", "t:2:12: key 'type': required"},
    {V2 "services: [{type: idntity, destination: /x}]\n",
     "t:2:19: key 'type': no service type 'idntity', did you mean 'identity'?"},
    {V2 "services: [{type: identity, destination: /x, ssh_config: true}]\n",
     "t:2:58: key 'ssh_config': 'true' is not 'on' or 'off'"},

    /* contradictions */
    {V2 "auth_server: a:1\nproxy_server: b:2\n",
     "t:3:1: key 'proxy_server': excludes 'auth_server', set one of the two"},
    {V2 "insecure: true\nonboarding: {ca_path: /x}\n", "t:2:1: key 'insecure': excludes 'ca_path'"},
    {V2 "onboarding: {ca_pins: [\"sha256:zz\"]}\n",
     "t:2:14: key 'ca_pins': 'sha256:zz' is not 'sha256:' and 64 hex digits; "
     "'tctl status' shows the cluster's pin"},
    {V2 "proxy_server: https://p.example.com\n",
     "t:2:1: key 'proxy_server': write 'https://p.example.com' without the scheme, as host:port"},
    {V2 "proxy_server: p.example.com\n",
     "t:2:1: key 'proxy_server': 'p.example.com' is not an address of the form host:port"},
    {V2 "proxy_server: p:70000\n",
     "t:2:1: key 'proxy_server': 'p:70000' is not an address of the form host:port"},
    {V2 "auth_server: ::1:3025\n",
     "t:2:1: key 'auth_server': '::1:3025' is not an address of the form [address]:port"},
    {V2 "services: [{type: identity, name: Big, destination: /x}]\n",
     "t:2:29: key 'name': 'Big' may have lower-case letters, digits, '_', '+' and '-' only"},
    {V2 "services: [{type: identity, name: heartbeat, destination: /x}]\n",
     "t:2:29: key 'name': 'heartbeat' is reserved"},
    {V2 "services:\n- {type: identity, name: a, destination: /x}\n"
        "- {type: identity, name: a, destination: /y}\n",
     "t:4:20: key 'name': 'a' is also the service's in line 3"},
    {V2 "services: [{type: identity, credential_ttl: 1h, destination: /x}]\n",
     "t:2:12: key 'credential_ttl': needs 'renewal_interval' beside it"},
    {V2 "services: [{type: identity, renewal_interval: 1h, destination: /x}]\n",
     "t:2:12: key 'renewal_interval': needs 'credential_ttl' beside it"},

    {V2 "startup: wiat\n", "t:2:10: key 'startup': 'wiat' is not one of auto, wait, exit"},
    {V2 "startup_timeout: 0s\n", "t:2:18: key 'startup_timeout': '0s' is not more than nothing"},
    {V2 "give_up_after: never\n",
     "t:2:16: key 'give_up_after': 'never' is not a duration such as 90s, 20m or 1h30m"},
    {V2 "oneshot: true\ngive_up_after: 1h\nstartup: wait\n",
     "t:3:1: key 'give_up_after': excludes 'oneshot', which ends by itself; 'oneshot_timeout' says "
     "how long it may take\n"
     "t:4:1: key 'startup': 'wait' excludes 'oneshot', which ends by itself; 'oneshot_timeout' "
     "says "
     "how long it may take"},
    {V2 "storage: {type: directory, path: /x, atomic: symlink}\n",
     "t:2:10: key 'atomic': is for outputs, not for 'storage'"},
    {V2 "storage: {type: memory, cache: yes}\n",
     "t:2:10: key 'cache': is for outputs, not for 'storage'"},
    {V2 "services: [{type: identity, destination: {type: memory, cache: yes}}]\n",
     "t:2:42: key 'cache': needs a 'name' for its service, to find the copy by"},
    {V2 "services: [{type: identity, destination: {type: memory, atomic: symlink}}]\n",
     "t:2:57: key 'atomic': is for destination type 'directory', not for 'memory'"},
    {V2 "services: [{type: identity, destination: {type: directory, path: /x, cache: on}}]\n",
     "t:2:70: key 'cache': is for destination type 'memory', not for 'directory'"},
    {V2 "services: [{type: identity, destination: {type: directory, path: /x, atomic: yes}}]\n",
     "t:2:78: key 'atomic': 'yes' is not one of off, symlink"},

    /* hooks */
    {HOOK("{}"), "t:2:46: key 'reload': needs 'command' or 'pid_file'"},
    {HOOK("{timeout: 1s}"), "t:2:46: key 'reload': needs 'command' or 'pid_file'"},
    {HOOK("{command: []}"), "t:2:46: key 'reload': needs 'command' or 'pid_file'"},
    {HOOK("{command: /bin/true}"), "t:2:46: key 'reload': needs 'command' or 'pid_file'\n"
                                   "t:2:64: key 'command': must be a list of texts, is text"},
    {HOOK("{command: [nginx]}"),
     "t:2:55: key 'command': 'nginx' is not an absolute path; no PATH is searched, and no shell is "
     "started"},
    {HOOK("{command: [/bin/true], pid_file: /x}"),
     "t:2:77: key 'pid_file': excludes 'command', set one of the two"},
    {HOOK("{command: [/bin/true], signal: HUP}"), "t:2:77: key 'signal': needs 'pid_file'"},
    {HOOK("{command: [/bin/true], timeout: 6m}"), "t:2:77: key 'timeout': at most 5m"},
    {HOOK("{pid_file: nginx.pid}"), "t:2:55: key 'pid_file': 'nginx.pid' is not an absolute path"},
    {HOOK("{pid_file: /x, timeout: 1s}"), "t:2:69: key 'timeout': needs 'command'"},
    {HOOK("{pid_file: /x, signal: KILL}"),
     "t:2:77: key 'signal': 'KILL' is not one of HUP, INT, QUIT, TERM, USR1, USR2, WINCH"},

    /* join URI */
    {V2 "join_uri: https://x\n", "t:2:11: key 'join_uri': does not begin with 'tbot+', the form is "
                                 "tbot+<proxy|auth>+<method>://<token>@<host:port>"},
    {V2 "join_uri: tbot+proxy+token://s3cret@p:443\nproxy_server: p:443\nonboarding: {token: x}\n",
     "t:3:1: key 'proxy_server': 'join_uri' says it already\n"
     "t:4:14: key 'token': 'join_uri' says it already"},

    /* known, and not built */
    {V2 "fips: true\n", "t:2:1: key 'fips': is not built yet in this tbot"},
    {V2 "diag_addr: example.com:3001\n", "t:2:1: key 'diag_addr': diagnostics address "
                                         "'example.com:3001': the host is no IP address (IPv6 "
                                         "ones stand in brackets)"},
    {V2 "diag_socket: run/diag.sock\n",
     "t:2:1: key 'diag_socket': 'run/diag.sock' must be an absolute path, or off"},
    {V2 "metrics: {graphite: 'http://g:2003'}\n",
     "t:2:11: key 'graphite': Graphite has no scheme, user or path, write host:port"},
    {V2 "metrics:\n  url: http://user:s3cret@bridge/\n  prefix: a..b\n  interval: 10ms\n",
     "t:3:3: key 'url': the URL holds a user or password, which is not sent\n"
     "t:4:3: key 'prefix': 'a..b' is not made of letters, digits, '-' and '_' with single dots "
     "between, 128 at most\n"
     "t:5:3: key 'interval': must be at least 1s"},
    {V2 "metrics: {urls: http://b}\n", "t:2:11: key 'urls': unknown, did you mean 'url'?"},
    {V2 "services: [{type: identity, name: connection, destination: /x}]\n",
     "t:2:29: key 'name': 'connection' is reserved"},
    {V2 "diag: {tls: {cert: /c}}\n", "t:2:1: key 'tls': 'cert' needs 'key' beside it"},
    {V2 "diag: {tls: {client_ca: /c}}\n",
     "t:2:1: key 'client_ca': needs 'allow' beside it, with the names of clients"},
    {V2 "diag_addr: 127.0.0.1:3001\ndiag: {tls: {cert: /c, key: /k}}\n",
     "t:3:1: key 'tls': needs an https:// address; '127.0.0.1:3001' has no TLS"},
    {V2 "diag_addr: systemd:diag\ndiag: {tls: {allow: [ops]}}\n",
     "t:3:1: key 'tls': needs an https:// address; 'systemd:diag' has no TLS"},
    {V2 "diag: {tokens: tokens.txt}\n",
     "t:2:1: key 'tokens': 'tokens.txt' must be an absolute path"},
    {V2 "onboarding: {join_method: iam}\n",
     "t:2:27: key 'join_method': join method 'iam' is not built yet in this tbot"},
    {V2 "storage: {type: nop}\n",
     "t:2:17: key 'type': destination type 'nop' is not built yet in this tbot"},
    {V2 "storage: {type: kubernetes_secret, name: x}\n",
     "t:2:10: key 'storage': type 'kubernetes_secret' is for outputs; a pod that joins by its "
     "service "
     "account needs to keep nothing: 'type: memory'"},
    {V2 SECRET "}}]\n", "t:2:42: key 'name': required"},
    {V2 SECRET ", name: W}}]\n",
     "t:2:42: key 'name': 'W' is no name of a secret: lower-case letters, digits, '-' and '.'"},
    {V2 SECRET ", name: w, namespace: a/b}}]\n",
     "t:2:42: key 'namespace': 'a/b' is no name of a namespace: lower-case letters, digits and "
     "'-', 63 at most"},
    {V2 SECRET ", name: w, service_account_dir: d}}]\n",
     "t:2:42: key 'service_account_dir': 'd' must be an absolute path"},
    {V2 SECRET ", name: w, kubeconfig_path: /k}}]\n",
     "t:2:77: key 'kubeconfig_path': is not built yet in this tbot"},
    {V2 SECRET ", name: w, labels: {a: [b]}}}]\n", "t:2:89: key 'labels': label 'a' must be text"},
    {V2 SECRET ", name: w, labels: {-a: b, c: d e, x.y/z: ok, ok: ''}}}]\n",
     "t:2:42: key 'labels': '-a' is no name of a label: letters, digits, '-', '_' and '.', 63 at "
     "most, perhaps after a domain and '/'\n"
     "t:2:42: key 'labels': 'd e' is no value of a label: letters, digits, '-', '_' and '.', 63 at "
     "most"},
    {V2 "services: [{type: database, service: s, destination: /x}]\n",
     "t:2:19: key 'type': service type 'database' is not built yet in this tbot"},
    {V2 "services: [{type: workload-identity-api, listen: 5, atestors: {}}]\n",
     "t:2:12: key 'selector': required\n"
     "t:2:19: key 'type': service type 'workload-identity-api' is not built yet in this tbot\n"
     "t:2:53: key 'atestors': unknown, did you mean 'attestors'?"},
};

static void test_parse_of_each_mistake_says_where_and_what(void **state)
{
    (void)state;
    unsigned failed = 0;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
        CLEANUP(config_freep) struct config *config = NULL;
        CLEANUP(err_freep)
        struct err *e = config_parse("t", bytes_of_str(mistakes[i].text), &config);
        CLEANUP(freep) char *got = e ? err_text(e) : strdup("(accepted)");
        if (strcmp(got, mistakes[i].message) == 0 && err_code(e) == ERR_CONFIG && !config)
            continue;
        print_error("text:   %s\nexpect: %s\ngot:    %s\n\n", mistakes[i].text, mistakes[i].message,
                    got);
        failed++;
    }
    assert_int_equal(failed, 0);
}

static void test_parse_of_several_mistakes_reports_all_in_order(void **state)
{
    (void)state;
    static const char text[] = "version: v2\n"
                               "proxy_server: p:443\n"
                               "auth_server: a:3025\n"
                               "onboarding:\n"
                               "  join_method: tokem\n"
                               "renewal_interval: soon\n"
                               "fips: yes\n"
                               "services:\n"
                               "  - type: identity\n"
                               "    destination: {type: directory, pth: /x}\n";
    CLEANUP(config_freep) struct config *config = NULL;
    CLEANUP(err_freep) struct err *e = config_parse("t", bytes_of_str(text), &config);
    CLEANUP(freep) char *got = err_text(e);
    assert_string_equal(
        got, "t:2:1: key 'proxy_server': excludes 'auth_server', set one of the two\n"
             "t:5:16: key 'join_method': no join method 'tokem', did you mean 'token'?\n"
             "t:6:19: key 'renewal_interval': 'soon' is not a duration such as 90s, 20m or 1h30m\n"
             "t:7:1: key 'fips': is not built yet in this tbot\n"
             "t:10:18: key 'path': required\n"
             "t:10:36: key 'pth': unknown, did you mean 'path'?");
}

static void test_parse_of_endless_mistakes_counts_the_rest(void **state)
{
    (void)state;
    CLEANUP(buf_freep) struct buf *text = buf_new(100000);
    assert_ok(buf_add_str(text, V2));
    for (unsigned i = 0; i < CONFIG_REPORT_MAX + 7; i++)
        assert_ok(buf_printf(text, "zz%u: 1\n", i));
    CLEANUP(config_freep) struct config *config = NULL;
    CLEANUP(err_freep) struct err *e = config_parse("t", buf_bytes(text), &config);
    CLEANUP(freep) char *got = err_text(e);
    assert_non_null(strstr(got, "t:101:1: key 'zz99': unknown\nand 7 more"));
}

static void test_parse_of_no_bytes_at_all_refuses(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf empty = BUF_INIT(1);
    CLEANUP(config_freep) struct config *config = NULL;
    assert_config_error(config_parse("t", buf_bytes(&empty), &config), "t:1:1: the file is empty");
}

static void test_parse_of_too_much_refuses(void **state)
{
    (void)state;
    CLEANUP(buf_freep) struct buf *text = buf_new(2 * CONFIG_MAX_SIZE);
    CLEANUP(config_freep) struct config *config = NULL;
    assert_ok(buf_add_str(text, V2 "a: ["));
    for (unsigned i = 0; i < YAML_TREE_MAX_NODES; i++)
        assert_ok(buf_add_str(text, "1,"));
    assert_ok(buf_add_str(text, "]\n"));
    assert_config_error(config_parse("t", buf_bytes(text), &config),
                        "t:2:19999: too many values in this file");
    while (text->len <= CONFIG_MAX_SIZE)
        assert_ok(buf_add_str(text, "# filler filler filler filler filler filler filler\n"));
    assert_config_error(config_parse("t", buf_bytes(text), &config),
                        "t:1:1: larger than 1048576 bytes");
}

static void test_parse_of_a_rich_file_fills_everything(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *c = NULL;
    assert_ok(config_parse("t", bytes_of_str(config_test_rich), &c));
    assert_string_equal(c->file, "t");
    assert_string_equal(c->proxy_server, "proxy.example.com:443");
    assert_null(c->auth_server);
    assert_string_equal(secret_str(c->onboarding.token), "hunter2");
    assert_null(c->onboarding.token_path);
    assert_string_equal(c->onboarding.join_method, "token");
    assert_int_equal(c->onboarding.ca_pins.len, 1);
    assert_int_equal(c->storage.type, CONFIG_DESTINATION_DIRECTORY);
    assert_string_equal(c->storage.path, "/var/lib/bot");
    assert_int_equal(c->storage.symlinks, SYMLINKS_SECURE);
    assert_int_equal(c->storage.acls, CONFIG_ACLS_OFF);
    assert_int_equal(dur_to_s(c->credential_ttl), 5400);
    assert_int_equal(dur_to_s(c->renewal_interval), 600);
    assert_int_equal(c->on_open_renewal, CONFIG_OPEN_RENEWAL_RETRY);
    assert_true(c->debug);
    assert_false(c->oneshot);
    assert_int_equal(c->n_services, 3);

    const struct config_service *s = &c->services[0];
    assert_string_equal(s->name, "web");
    assert_int_equal(s->at.line, 29);
    assert_int_equal(s->at_name.line, 30);
    assert_int_equal(s->roles.len, 2);
    assert_string_equal(s->roles.items[1], "editor");
    assert_string_equal(s->cluster, "leaf.example.com");
    assert_false(s->ssh_config);
    assert_true(s->allow_reissue);
    assert_int_equal(dur_to_s(config_service_ttl(c, s)), 1800);
    assert_int_equal(dur_to_s(config_service_interval(c, s)), 300);
    assert_int_equal(s->destination.n_readers, 2);
    assert_false(s->destination.readers[0].is_group);
    assert_string_equal(s->destination.readers[0].name, "alice");
    assert_true(s->destination.readers[1].is_group);
    assert_string_equal(s->destination.readers[1].name, "1001");

    assert_int_equal(c->services[1].destination.type, CONFIG_DESTINATION_MEMORY);
    assert_int_equal(dur_to_s(config_service_ttl(c, &c->services[1])), 5400);
    assert_true(c->services[1].ssh_config);
    assert_string_equal(c->services[2].destination.path, "/srv/short");
    assert_int_equal(c->warnings.len, 0);
}

static void test_parse_of_defaults_spelt_out_accepts(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *c = NULL;
    assert_ok(config_parse("t",
                           bytes_of_str(V2 "fips: false\ndiag_addr: ''\nscoped: no\npid_file:\n"
                                           "diag_socket: off\ninsecure: ~\nauth_server: \n"
                                           "onboarding: null\nstorage:\nservices: []\noutputs:\n"),
                           &c));
    assert_null(c->auth_server);
    assert_int_equal(c->storage.type, CONFIG_DESTINATION_NONE);
    assert_int_equal(dur_to_s(c->credential_ttl), CONFIG_DEFAULT_TTL_S);
    assert_int_equal(dur_to_s(c->renewal_interval), CONFIG_DEFAULT_INTERVAL_S);
    assert_int_equal(c->on_open_renewal, CONFIG_OPEN_RENEWAL_HOLD);
}

static void test_parse_of_old_ttl_warns_and_new_one_wins(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *old = NULL, *both = NULL;
    assert_ok(config_parse("t", bytes_of_str(V2 "certificate_ttl: 2h\n"), &old));
    assert_int_equal(dur_to_s(old->credential_ttl), 7200);
    assert_string_equal(old->warnings.items[0],
                        "t:2:1: key 'certificate_ttl': is the old name of 'credential_ttl'");
    assert_ok(
        config_parse("t", bytes_of_str(V2 "certificate_ttl: 2h\ncredential_ttl: 3h\n"), &both));
    assert_int_equal(dur_to_s(both->credential_ttl), 10800);
    assert_string_equal(
        both->warnings.items[0],
        "t:2:1: key 'certificate_ttl': is the old name of 'credential_ttl', which is "
        "set too and wins");
}

static void test_parse_of_section_of_another_method_warns(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *c = NULL;
    assert_ok(config_parse(
        "t", bytes_of_str(V2 "onboarding: {join_method: token, azure: {client_id: x}}\n"), &c));
    assert_string_equal(c->warnings.items[0],
                        "t:2:34: key 'azure': has no effect, it belongs to another join method");
}

static void test_parse_of_token_that_is_a_path_keeps_the_path(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *c = NULL;
    assert_ok(config_parse("t", bytes_of_str(V2 "onboarding: {token: /run/token}\n"), &c));
    assert_null(c->onboarding.token);
    assert_string_equal(c->onboarding.token_path, "/run/token");
}

static void test_parse_of_join_uri_sets_address_method_and_token(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *c = NULL;
    assert_ok(config_parse(
        "t", bytes_of_str(V2 "join_uri: tbot+proxy+token://a%2Fb@p.example.com:443\n"), &c));
    assert_string_equal(c->proxy_server, "p.example.com:443");
    assert_string_equal(c->onboarding.join_method, "token");
    assert_string_equal(secret_str(c->onboarding.token), "a/b");
}

static void test_parse_keeps_the_hash_of_a_file_without_secrets(void **state)
{
    (void)state;
    static const char plain[] = V2 "onboarding: {token: /run/token, join_method: token}\n";
    static const char secret[] = V2 "onboarding: {token: guess, join_method: token}\n";
    char expected[SHA256_HEX_SIZE];
    CLEANUP(config_freep) struct config *a = NULL, *b = NULL, *none = NULL;
    assert_ok(config_parse("t", bytes_of_str(plain), &a));
    assert_ok(sha256_hex(bytes_of_str(plain), expected));
    assert_string_equal(a->file_hash, expected);
    assert_ok(config_parse("t", bytes_of_str(secret), &b));
    assert_string_equal(b->file_hash, "");
    assert_ok(config_new(&none));
    assert_string_equal(none->file_hash, "");
}

static void test_load_of_missing_file_says_which(void **state)
{
    (void)state;
    CLEANUP(config_freep) struct config *c = NULL;
    CLEANUP(err_freep) struct err *e = config_load("/nonexistent/tbot.yaml", &c);
    CLEANUP(freep) char *got = err_text(e);
    assert_int_equal(err_code(e), ERR_NOT_FOUND);
    assert_non_null(strstr(got, "'/nonexistent/tbot.yaml'"));
    assert_non_null(strstr(got, "reading the configuration"));
    assert_non_null(strstr(err_hint(e), "Name a file"));
}

/* A file cut anywhere is read, or refused with a reason: never more, never less. */
static void test_parse_of_every_beginning_survives(void **state)
{
    (void)state;
    size_t len = strlen(config_test_rich);
    for (size_t n = 0; n < len; n++) {
        CLEANUP(freep) char *copy = malloc(n + 1); /* exact, for the sanitizer to see the end */
        memcpy(copy, config_test_rich, n);
        CLEANUP(config_freep) struct config *c = NULL;
        CLEANUP(err_freep)
        struct err *e = config_parse("t", (struct bytes){(const uint8_t *)copy, n}, &c);
        assert_true(e ? !c && err_code(e) == ERR_CONFIG : c != NULL);
        CLEANUP(freep) char *text = e ? err_text(e) : NULL;
        assert_true(!text || (strncmp(text, "t:", 2) == 0 && !strstr(text, "hunter2")));
    }
}

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void mutate(char *text, size_t len, unsigned *seed)
{
    static const char favourites[] = "\n\n  :-[]{}'\"&*!#|>%@,\t0xy\xff";
    for (unsigned n = 1 + next_random(seed) % 4; n > 0; n--) {
        size_t at = next_random(seed) % len;
        if (next_random(seed) % 4)
            text[at] = favourites[next_random(seed) % (sizeof(favourites) - 1)];
        else
            text[at] = text[next_random(seed) % len];
    }
}

static void test_parse_of_random_damage_survives(void **state)
{
    (void)state;
    size_t len = strlen(config_test_rich);
    unsigned seed = 1, accepted = 0, rounds = 4000;
    for (unsigned i = 0; i < rounds; i++) {
        CLEANUP(freep) char *copy = strdup(config_test_rich);
        mutate(copy, len, &seed);
        CLEANUP(config_freep) struct config *c = NULL;
        CLEANUP(err_freep) struct err *e = config_parse("t", bytes_of_str(copy), &c);
        assert_true(e ? !c && err_code(e) == ERR_CONFIG : c != NULL);
        accepted += c != NULL;
    }
    assert_in_range(accepted, 1, rounds - 1); /* it tried both */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_of_each_mistake_says_where_and_what),
        cmocka_unit_test(test_parse_of_several_mistakes_reports_all_in_order),
        cmocka_unit_test(test_parse_of_endless_mistakes_counts_the_rest),
        cmocka_unit_test(test_parse_of_no_bytes_at_all_refuses),
        cmocka_unit_test(test_parse_of_too_much_refuses),
        cmocka_unit_test(test_parse_of_a_rich_file_fills_everything),
        cmocka_unit_test(test_parse_of_defaults_spelt_out_accepts),
        cmocka_unit_test(test_parse_of_old_ttl_warns_and_new_one_wins),
        cmocka_unit_test(test_parse_of_section_of_another_method_warns),
        cmocka_unit_test(test_parse_of_token_that_is_a_path_keeps_the_path),
        cmocka_unit_test(test_parse_of_join_uri_sets_address_method_and_token),
        cmocka_unit_test(test_parse_keeps_the_hash_of_a_file_without_secrets),
        cmocka_unit_test(test_load_of_missing_file_says_which),
        cmocka_unit_test(test_parse_of_every_beginning_survives),
        cmocka_unit_test(test_parse_of_random_damage_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
