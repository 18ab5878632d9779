/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/options.h"

#include "authority/authority.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <string.h>

void options_release(struct options *o)
{
    strlist_release(&o->bots);
    strlist_release(&o->tokens);
    strlist_release(&o->kube_tokens);
    strlist_release(&o->leaves);
}

enum option_id {
    OPTION_CLUSTER = 256,
    OPTION_IMITATE,
    OPTION_SUITE,
    OPTION_LEAF,
    OPTION_BOT,
    OPTION_TOKEN,
    OPTION_KUBE_TOKEN,
    OPTION_KUBE_JWKS,
    OPTION_STATE,
    OPTION_LISTEN_AUTH,
    OPTION_LISTEN_WEB,
    OPTION_UNSAFE_LISTEN,
    OPTION_WEB_CA,
    OPTION_READY_FILE,
    OPTION_CONTROL,
    OPTION_QUIET,
    OPTION_HELP,
    OPTION_VERSION,
};

static const struct option known[] = {
    {"cluster", required_argument, NULL, OPTION_CLUSTER},
    {"imitate", required_argument, NULL, OPTION_IMITATE},
    {"suite", required_argument, NULL, OPTION_SUITE},
    {"leaf", required_argument, NULL, OPTION_LEAF},
    {"bot", required_argument, NULL, OPTION_BOT},
    {"token", required_argument, NULL, OPTION_TOKEN},
    {"kube-token", required_argument, NULL, OPTION_KUBE_TOKEN},
    {"kube-jwks", required_argument, NULL, OPTION_KUBE_JWKS},
    {"state", required_argument, NULL, OPTION_STATE},
    {"listen-auth", required_argument, NULL, OPTION_LISTEN_AUTH},
    {"listen-web", required_argument, NULL, OPTION_LISTEN_WEB},
    {"unsafe-listen", no_argument, NULL, OPTION_UNSAFE_LISTEN},
    {"web-ca", required_argument, NULL, OPTION_WEB_CA},
    {"ready-file", required_argument, NULL, OPTION_READY_FILE},
    {"control", required_argument, NULL, OPTION_CONTROL},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

/* What is settled only when all options are known. */
struct raw {
    const char *suite;
    const char *listen_auth;
    const char *listen_web;
    bool is_unsafe;
};

static RESULT parse_version(const char *text, int *ret)
{
    char *end = NULL;
    long version = strtol(text, &end, 10);
    if (end == text || *end || version < AUTHORITY_VERSION_MIN || version > AUTHORITY_VERSION_MAX)
        return err_new(ERR_USAGE, "--imitate knows %d to %d, not '%s'", AUTHORITY_VERSION_MIN,
                       AUTHORITY_VERSION_MAX, text);
    *ret = (int)version;
    return NULL;
}

static RESULT apply(int id, const char *value, struct options *o, struct raw *raw)
{
    switch (id) {
    case OPTION_CLUSTER:
        o->cluster = value;
        return NULL;
    case OPTION_IMITATE:
        return parse_version(value, &o->version);
    case OPTION_SUITE:
        raw->suite = value;
        return NULL;
    case OPTION_LEAF:
        return strlist_add(&o->leaves, value);
    case OPTION_BOT:
        return strlist_add(&o->bots, value);
    case OPTION_TOKEN:
        return strlist_add(&o->tokens, value);
    case OPTION_KUBE_TOKEN:
        return strlist_add(&o->kube_tokens, value);
    case OPTION_KUBE_JWKS:
        o->kube_jwks_path = value;
        return NULL;
    case OPTION_STATE:
        o->state_path = value;
        return NULL;
    case OPTION_LISTEN_AUTH:
        raw->listen_auth = value;
        return NULL;
    case OPTION_LISTEN_WEB:
        raw->listen_web = value;
        return NULL;
    case OPTION_UNSAFE_LISTEN:
        raw->is_unsafe = true;
        return NULL;
    case OPTION_WEB_CA:
        o->web_ca_path = value;
        return NULL;
    case OPTION_READY_FILE:
        o->ready_path = value;
        return NULL;
    case OPTION_CONTROL:
        o->control_path = value;
        return NULL;
    case OPTION_QUIET:
        o->is_quiet = true;
        return NULL;
    case OPTION_HELP:
        o->wants_help = true;
        return NULL;
    default:
        o->wants_version = true;
        return NULL;
    }
}

static bool parse_host(const char *host, uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        return true;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        return true;
    }
    return false;
}

static bool is_loopback(const struct sockaddr_storage *addr)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)addr;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)addr;
    if (addr->ss_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* "127.0.0.1:3025", "[::1]:0". */
static RESULT parse_addr(const char *option, const char *text, bool is_unsafe,
                         struct sockaddr_storage *ret)
{
    char host[64];
    const char *colon = strrchr(text, ':');
    bool is_bracketed = text[0] == '[' && colon && colon > text && colon[-1] == ']';
    size_t len = colon ? (size_t)(colon - text) - (is_bracketed ? 2 : 0) : 0;
    char *end = NULL;
    long port = colon && colon[1] ? strtol(colon + 1, &end, 10) : -1;
    if (!len || len >= sizeof(host) || port < 0 || port > 65535 || *end)
        return err_new(ERR_USAGE, "%s: '%s' is not ADDRESS:PORT", option, text);
    memcpy(host, text + (is_bracketed ? 1 : 0), len);
    host[len] = '\0';
    if (!parse_host(host, (uint16_t)port, ret))
        return err_new(ERR_USAGE, "%s: '%s' is not an IP address", option, host);
    if (!is_loopback(ret) && !is_unsafe)
        return err_set_hint(
            err_new(ERR_USAGE, "%s: '%s' can be reached by other machines", option, host),
            "This server is made to be broken; if you must, add --unsafe-listen.");
    return NULL;
}

static RESULT settle(const struct raw *raw, struct options *o)
{
    bool is_old = o->version < 17;
    const char *suite = raw->suite ? raw->suite : is_old ? "legacy" : "balanced-v1";
    o->suite = suite_parse(suite);
    if (strcmp(suite_name(o->suite), suite) != 0)
        return err_new(ERR_USAGE, "--suite: there is no '%s'", suite);
    if (is_old && o->suite != SUITE_LEGACY)
        return err_new(ERR_USAGE, "--suite: version %d knows legacy only", o->version);
    if (!o->kube_jwks_path != !o->kube_tokens.len)
        return err_new(ERR_USAGE, "--kube-token and --kube-jwks need each other");
    if (!*o->cluster || strlen(o->cluster) > 200)
        return err_new(ERR_USAGE, "--cluster: a name has 1 to 200 characters");
    TRY(parse_addr("--listen-auth", raw->listen_auth, raw->is_unsafe, &o->listen_auth));
    if (strcmp(raw->listen_web, "off") != 0)
        TRY(parse_addr("--listen-web", raw->listen_web, raw->is_unsafe, &o->listen_web));
    return o->bots.len || o->wants_help ? NULL : strlist_add(&o->bots, "demo=access");
}

static RESULT read_all(int argc, char **argv, struct options *o, struct raw *raw)
{
    optind = 0; /* starts anew: tests parse more than once */
    opterr = 0;
    for (;;) {
        int id = getopt_long(argc, argv, "+:", known, NULL);
        if (id < 0)
            break;
        if (id == ':')
            return err_new(ERR_USAGE, "%s needs a value", argv[optind - 1]);
        if (id == '?')
            return err_new(ERR_USAGE, "there is no option '%s'", argv[optind - 1]);
        TRY(apply(id, optarg, o, raw));
    }
    if (optind < argc)
        return err_new(ERR_USAGE, "unexpected '%s'", argv[optind]);
    return NULL;
}

RESULT options_parse(int argc, char **argv, struct options *ret)
{
    CLEANUP(options_release) struct options o = {.cluster = "demo.example.com", .version = 17};
    struct raw raw = {.listen_auth = "127.0.0.1:0", .listen_web = "127.0.0.1:0"};
    TRY(read_all(argc, argv, &o, &raw));
    TRY(settle(&raw, &o));
    *ret = o;
    o = (struct options){.version = 0};
    return NULL;
}
