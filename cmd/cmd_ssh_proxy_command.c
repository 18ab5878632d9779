/* SPDX-License-Identifier: Apache-2.0 */
/* What the ssh_config of an identity output has ssh(1) run: SSH to a node through the proxy. */
#include "cmd/command.h"

#include "base/dir.h"
#include "identity/pki/credentials.h"
#include "transport/environment.h"
#include "transport/sshproxy.h"
#include "transport/transport.h"

#include <string.h>

#define FILE_MAX ((size_t)1 << 20)
#define NODE_PORT 3022

struct values {
    const char *destination_dir, *cluster, *user, *host, *port, *proxy_server, *proxy_templates;
    unsigned tls_routing, connection_upgrade, resume;
};

static const struct opt opts[] = {
    {"destination-dir", .kind = OPT_TEXT, .arg = "DIR", .flags = OPT_REQUIRED,
     .help = "directory of the identity output",
     .offset = offsetof(struct values, destination_dir)},
    {"proxy-server", .kind = OPT_TEXT, .arg = "HOST:PORT", .flags = OPT_REQUIRED,
     .help = "the cluster's proxy", .offset = offsetof(struct values, proxy_server)},
    {"cluster", .kind = OPT_TEXT, .arg = "NAME",
     .help = "cluster of the node; default: the proxy's",
     .offset = offsetof(struct values, cluster)},
    {"user", .kind = OPT_TEXT, .arg = "USER", .help = "whom ssh logs in as; not needed to connect",
     .offset = offsetof(struct values, user)},
    {"host", .kind = OPT_TEXT, .arg = "HOST", .flags = OPT_REQUIRED,
     .help = "the node, with or without its cluster behind it",
     .offset = offsetof(struct values, host)},
    {"port", .kind = OPT_TEXT, .arg = "PORT", .help = "its port, 3022 unless given",
     .offset = offsetof(struct values, port)},
    {"tls-routing", .kind = OPT_SWITCH, .help = "either way the proxy's web port is used",
     .offset = offsetof(struct values, tls_routing)},
    {"connection-upgrade", .kind = OPT_SWITCH, .help = "only off is built yet",
     .offset = offsetof(struct values, connection_upgrade)},
    {"resume", .kind = OPT_SWITCH, .help = "only off is built yet",
     .offset = offsetof(struct values, resume)},
    {"proxy-templates", .kind = OPT_TEXT, .arg = "FILE", .flags = OPT_NOT_BUILT | OPT_HIDDEN,
     .help = "rewrites host names", .offset = offsetof(struct values, proxy_templates)},
};

static const struct command_help help = {
    .usage = "tbot ssh-proxy-command --destination-dir DIR --proxy-server HOST:PORT --host HOST "
             "[options]",
    .about = "Connects standard input and output to an SSH node, through the proxy, with the\n"
             "identity of a directory. ssh(1) runs it as the ssh_config there says.\n",
};

/* --- the identity --- */

static RESULT read_file(const char *dir, const char *name, struct buf **ret)
{
    CLEANUP(buf_release) struct buf path = BUF_INIT(8192);
    TRY(buf_printf(&path, "%s/%s", dir, name));
    return file_read(buf_str(&path), FILE_MAX, ret);
}

static RESULT read_key(const char *dir, struct key **ret)
{
    CLEANUP(buf_release) struct buf path = BUF_INIT(8192);
    CLEANUP(secret_freep) struct secret *pem = NULL;
    TRY(buf_printf(&path, "%s/key", dir));
    TRY(file_read_secret(buf_str(&path), FILE_MAX, &pem));
    TRY_CTX(key_from_pem(secret_bytes(pem), ret), "%s", buf_str(&path));
    return NULL;
}

static RESULT read_identity(const char *dir, struct credentials **ret)
{
    CLEANUP(key_freep) struct key *key = NULL;
    CLEANUP(buf_freep) struct buf *tls = NULL;
    CLEANUP(buf_freep) struct buf *ssh = NULL;
    CLEANUP(buf_freep) struct buf *host_ca = NULL;
    CLEANUP(strlist_release) struct strlist cas = {0};
    TRY(read_key(dir, &key));
    TRY(read_file(dir, "tlscert", &tls));
    TRY(read_file(dir, "key-cert.pub", &ssh));
    TRY(read_file(dir, "teleport-host-ca.crt", &host_ca));
    TRY(strlist_add(&cas, buf_str(host_ca)));
    struct strlist none = {0};
    struct credentials_parts parts = {
        .key = key,
        .tls_cert = buf_bytes(tls),
        .ssh_cert = buf_bytes(ssh),
        .tls_cas = &cas,
        .ssh_cas = &none,
    };
    return credentials_new(&parts, ret);
}

/* The agent renames the files of an output one after the other: in between they may not fit. */
static RESULT load_identity(const char *dir, struct credentials **ret)
{
    struct err *e = read_identity(dir, ret);
    if (err_code(e) == ERR_CRYPTO || err_code(e) == ERR_NOT_FOUND) {
        err_ignore(e, "it may have been in the middle of being renewed");
        e = read_identity(dir, ret);
    }
    if (e)
        return err_set_hint(err_wrap(e, "read the identity in '%s'", dir),
                            "Is this the directory of an identity output, and does tbot run?");
    return NULL;
}

static RESULT check_expiry(const struct credentials *c, const struct clock *clock)
{
    char when[RFC3339_SIZE];
    if (!credentials_expired(c, clock_wall(clock)))
        return NULL;
    struct err *e = err_new(ERR_EXPIRED, "the identity expired at %s",
                            wall_format(credentials_not_after(c), false, when));
    return err_set_hint(e, "The tbot that renews it does not run, or cannot reach the cluster.");
}

/* --- where to --- */

/* ssh(1) asks for "node.cluster"; the cluster knows the node without its own name behind it. */
static RESULT build_target(const struct values *v, const char *cluster, struct buf *out)
{
    size_t host_len = strlen(v->host);
    size_t len = strlen(cluster);
    if (host_len > len + 1 && v->host[host_len - len - 1] == '.' &&
        strcmp(v->host + host_len - len, cluster) == 0)
        host_len -= len + 1;
    return buf_printf(out, "%.*s:%s", (int)host_len, v->host, v->port ? v->port : "3022");
}

static RESULT check_values(const struct values *v)
{
    struct address node;
    if (opts_is_on(v->connection_upgrade))
        return err_new(ERR_USAGE, "option '--connection-upgrade' is not built yet in this tbot");
    if (opts_is_on(v->resume))
        return err_new(ERR_USAGE, "option '--resume' is not built yet in this tbot");
    struct err *e = address_parse(v->host, NODE_PORT, &node);
    if (e)
        return err_wrap_as(ERR_USAGE, e, "option '--host'");
    if (v->port && (strspn(v->port, "0123456789") != strlen(v->port) || strlen(v->port) > 5))
        return err_new(ERR_USAGE, "option '--port': '%s' is not a port", v->port);
    return NULL;
}

static RESULT connect_through(const struct values *v, const struct address *proxy)
{
    struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    CLEANUP(credentials_freep) struct credentials *creds = NULL;
    CLEANUP(buf_release) struct buf target = BUF_INIT(1024);
    TRY(load_identity(v->destination_dir, &creds));
    TRY(check_expiry(creds, ctx.clock));
    const char *own = credentials_subject(creds)->cluster;
    const char *cluster = v->cluster ? v->cluster : own;
    TRY(build_target(v, cluster, &target));
    struct sshproxy_config config = {
        .proxy = *proxy,
        .trust = {.roots = credentials_roots(creds),
                  .cert = credentials_cert(creds),
                  .key = key_evp(credentials_key(creds))},
        .proxy_cluster = own,
        .target_cluster = cluster,
        .target = buf_str(&target),
        .in = STDIN_FILENO,
        .out = STDOUT_FILENO,
    };
    return sshproxy_run(&config, &ctx);
}

static RESULT run(const struct values *v)
{
    struct address proxy;
    TRY(check_values(v));
    struct err *e = address_parse(v->proxy_server, ADDRESS_PORT_WEB, &proxy);
    if (e)
        return err_wrap_as(ERR_USAGE, e, "option '--proxy-server'");
    TRY(environment_check(&proxy, getenv));
    TRY(transport_init(NULL));
    e = connect_through(v, &proxy);
    transport_shutdown();
    return e;
}

int cmd_ssh_proxy_command(struct globals *globals, int argc, char **argv)
{
    struct values values = {0};
    struct opt_set sets[] = {
        {"Options", opts, sizeof(opts) / sizeof(*opts), &values},
        globals_set(globals),
    };
    int n_operands = 0;
    struct err *e = opts_parse(sets, 2, argc, argv, &n_operands);
    if (e)
        return command_fail(e);
    if (globals->help)
        return command_help(&help, sets, 2);
    if (n_operands > 0)
        return command_fail(err_new(ERR_USAGE, "unexpected '%s'", argv[0]));
    e = opts_check_required(sets, 1);
    return command_fail(e ? e : run(&values));
}
