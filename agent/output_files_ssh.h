/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_OUTPUT_FILES_SSH_H
#define TBOT_AGENT_OUTPUT_FILES_SSH_H

/*
 * What OpenSSH needs to reach a cluster's nodes: `known_hosts`, `ssh_config`, and for every cluster
 * its own `<cluster>.known_hosts` and `<cluster>.ssh_config` to be included.
 *
 * `ssh_config` sends connections to any `*.<cluster>` through `tbot ssh-proxy-command`, a program
 * of ours that ssh runs by way of the user's shell. So every value is quoted for three readers in
 * turn: ssh's parser, ssh's percent tokens, the shell.
 */

#include "base/strlist.h"

struct output_files;

#define OUTPUT_MAX_CLUSTERS 1000

/* A cluster: ours, or a leaf of it. */
struct output_cluster {
    const char *name;
    const struct strlist *host_keys; /* trusted SSH keys of its host CA, authorized_keys lines */
};

/* OpenSSH's version, "8.9"; 0.0: not known, taken for a current one. */
struct openssh_version {
    unsigned major, minor;
};

struct output_ssh {
    const struct output_cluster *clusters; /* ours first */
    size_t n_clusters;
    const char *proxy;     /* host:port as users reach it; NULL or "": there is no proxy */
    const char *bin;       /* absolute path of this program */
    const char *dir;       /* absolute path of the destination; NULL: it is no directory */
    unsigned server_major; /* Teleport's version; 0: not known */
    struct openssh_version openssh;
    bool tls_routing, connection_upgrade, resume; /* the flags of `ssh-proxy-command` */
};

/*
 * Adds known_hosts files always; ssh_config files where there is a directory whose paths they can
 * name and a proxy to go through.
 */
RESULT output_files_add_ssh(struct output_files *f, const struct output_ssh *ssh);

#endif
