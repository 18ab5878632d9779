/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/output_files_ssh.h"

#include "agent/output_files.h"
#include "agent/output_files_text.h"

#include <stdio.h>
#include <string.h>

#define NODE_PORT 3022
/* From this major version on a cluster's CAs need not be RSA, and ssh's own defaults are right. */
#define FIRST_WITH_OTHER_CAS 17
#define RSA_OLD_NAME "ssh-rsa-cert-v01@openssh.com"
#define RSA_NAMES                                                                                  \
    "rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com," RSA_OLD_NAME

/* The input with what is worked out of it once. */
struct ssh_files {
    const struct output_ssh *in;
    const char *proxy_host; /* "": there is no proxy */
};

static bool has_proxy(const struct output_ssh *in)
{
    return in->proxy && *in->proxy;
}

/* One line per key: "these hosts' certificates may be signed by this key". */
static RESULT add_known_hosts(const struct ssh_files *s, const struct output_cluster *c,
                              struct buf *out)
{
    for (size_t i = 0; i < c->host_keys->len; i++) {
        TRY(buf_printf(out, "@cert-authority %s%s%s,*.%s ", s->proxy_host,
                       *s->proxy_host ? "," : "", c->name, c->name));
        TRY(output_text_add_key(out, c->host_keys->items[i]));
        TRY(buf_add_str(out, " type=host\n"));
    }
    return NULL;
}

static RESULT add_path(const struct ssh_files *s, const char *keyword, const char *name,
                       struct buf *out)
{
    TRY(buf_printf(out, "    %s ", keyword));
    TRY(output_text_add_ssh_path(out, s->in->dir, name));
    return buf_add_u8(out, '\n');
}

/* OpenSSH below 7.8 takes the certificates' newer signature names for unknown key types. */
static const char *host_key_algorithms(const struct output_ssh *in)
{
    const struct openssh_version *v = &in->openssh;
    bool known = v->major || v->minor;
    bool is_old = v->major < 7 || (v->major == 7 && v->minor < 8);

    if (!in->server_major || in->server_major >= FIRST_WITH_OTHER_CAS)
        return NULL;
    return known && is_old ? RSA_OLD_NAME : RSA_NAMES;
}

static RESULT add_trust(const struct ssh_files *s, const char *known_hosts, struct buf *out)
{
    const char *algorithms = host_key_algorithms(s->in);

    TRY(add_path(s, "UserKnownHostsFile", known_hosts, out));
    TRY(add_path(s, "IdentityFile", "key", out));
    TRY(add_path(s, "CertificateFile", "key-cert.pub", out));
    if (algorithms)
        TRY(buf_printf(out, "    HostKeyAlgorithms %s\n", algorithms));
    return NULL;
}

static RESULT add_option(const char *option, const char *value, struct buf *out)
{
    TRY(buf_printf(out, " %s=", option));
    return output_text_add_proxy_word(out, value);
}

static RESULT add_flag(const char *name, bool on, struct buf *out)
{
    return buf_printf(out, on ? " --%s" : " --no-%s", name);
}

static RESULT add_proxy_command(const struct ssh_files *s, const char *cluster, struct buf *out)
{
    TRY(buf_printf(out, "    Port %d\n    ProxyCommand ", NODE_PORT));
    TRY(output_text_add_proxy_word(out, s->in->bin));
    TRY(buf_add_str(out, " ssh-proxy-command"));
    TRY(add_option("--destination-dir", s->in->dir, out));
    TRY(add_option("--proxy-server", s->in->proxy, out));
    TRY(add_option("--cluster", cluster, out));
    TRY(add_flag("tls-routing", s->in->tls_routing, out));
    TRY(add_flag("connection-upgrade", s->in->connection_upgrade, out));
    TRY(add_flag("resume", s->in->resume, out));
    return buf_add_str(out, " --user=%r --host=%h --port=%p\n");
}

static RESULT add_head(const struct ssh_files *s, struct buf *out)
{
    return buf_printf(out,
                      "# Nodes behind '%s'. Written by tbot; edits are lost at the next renewal.\n",
                      s->proxy_host);
}

static RESULT add_foot(struct buf *out)
{
    return buf_add_str(out, "# End of what tbot wrote.\n");
}

static RESULT add_host_sections(const struct ssh_files *s, const char *cluster, struct buf *out)
{
    TRY(buf_printf(out, "\nHost *.%s %s\n", cluster, s->proxy_host));
    TRY(add_trust(s, "known_hosts", out));
    TRY(buf_printf(out, "\nHost *.%s !%s\n", cluster, s->proxy_host));
    return add_proxy_command(s, cluster, out);
}

static RESULT file_known_hosts(const struct ssh_files *s, struct output_files *f)
{
    CLEANUP(buf_freep) struct buf *text = buf_new(OUTPUT_FILES_MAX_SIZE);

    if (!text)
        return err_nomem();
    for (size_t i = 0; i < s->in->n_clusters; i++)
        TRY(add_known_hosts(s, &s->in->clusters[i], text));
    return output_files_add(f, "known_hosts", buf_bytes(text));
}

static RESULT file_ssh_config(const struct ssh_files *s, struct output_files *f)
{
    CLEANUP(buf_freep) struct buf *text = buf_new(OUTPUT_FILES_MAX_SIZE);

    if (!text)
        return err_nomem();
    TRY(add_head(s, text));
    for (size_t i = 0; i < s->in->n_clusters; i++)
        TRY(add_host_sections(s, s->in->clusters[i].name, text));
    TRY(buf_add_str(text, "\n"));
    TRY(add_foot(text));
    return output_files_add(f, "ssh_config", buf_bytes(text));
}

static RESULT file_cluster_known_hosts(const struct ssh_files *s, const struct output_cluster *c,
                                       const char *name, struct output_files *f)
{
    CLEANUP(buf_freep) struct buf *text = buf_new(OUTPUT_FILES_MAX_SIZE);

    if (!text)
        return err_nomem();
    TRY(add_known_hosts(s, c, text));
    return output_files_add(f, name, buf_bytes(text));
}

/* No Host lines: made to be included under one of the reader's own. */
static RESULT file_cluster_config(const struct ssh_files *s, const struct output_cluster *c,
                                  const char *known_hosts, struct output_files *f)
{
    char name[OUTPUT_MAX_CLUSTER_NAME + sizeof(".ssh_config")];
    CLEANUP(buf_freep) struct buf *text = buf_new(OUTPUT_FILES_MAX_SIZE);

    if (!text)
        return err_nomem();
    TRY(add_head(s, text));
    TRY(add_trust(s, known_hosts, text));
    TRY(add_proxy_command(s, c->name, text));
    TRY(add_foot(text));
    snprintf(name, sizeof(name), "%s.ssh_config", c->name);
    return output_files_add(f, name, buf_bytes(text));
}

static RESULT file_both_of_cluster(const struct ssh_files *s, const struct output_cluster *c,
                                   bool with_config, struct output_files *f)
{
    char known_hosts[OUTPUT_MAX_CLUSTER_NAME + sizeof(".known_hosts")];

    snprintf(known_hosts, sizeof(known_hosts), "%s.known_hosts", c->name);
    TRY(file_cluster_known_hosts(s, c, known_hosts, f));
    if (with_config)
        TRY(file_cluster_config(s, c, known_hosts, f));
    return NULL;
}

static RESULT check(const struct output_ssh *in, struct buf *ret_proxy_host)
{
    if (in->n_clusters > OUTPUT_MAX_CLUSTERS)
        return err_new(ERR_PROTOCOL, "%zu clusters: at most %d are possible", in->n_clusters,
                       OUTPUT_MAX_CLUSTERS);
    for (size_t i = 0; i < in->n_clusters; i++)
        TRY(output_text_check_cluster(in->clusters[i].name));
    if (has_proxy(in))
        TRY(output_text_proxy_host(in->proxy, ret_proxy_host));
    if (in->dir && (in->dir[0] != '/' || !in->bin || in->bin[0] != '/'))
        return err_new(ERR_BUG, "ssh_config needs absolute paths, not '%s' and '%s'", in->dir,
                       in->bin ? in->bin : "");
    return NULL;
}

RESULT output_files_add_ssh(struct output_files *f, const struct output_ssh *ssh)
{
    CLEANUP(buf_freep) struct buf *proxy_host = buf_new(OUTPUT_MAX_HOST_NAME + 1);
    bool with_config = ssh->dir && has_proxy(ssh);

    if (!proxy_host)
        return err_nomem();
    TRY(check(ssh, proxy_host));
    struct ssh_files s = {.in = ssh, .proxy_host = buf_str(proxy_host)};
    TRY(file_known_hosts(&s, f));
    if (with_config)
        TRY(file_ssh_config(&s, f));
    for (size_t i = 0; i < ssh->n_clusters; i++)
        TRY(file_both_of_cluster(&s, &ssh->clusters[i], with_config, f));
    return NULL;
}
