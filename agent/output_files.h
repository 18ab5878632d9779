/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_OUTPUT_FILES_H
#define TBOT_AGENT_OUTPUT_FILES_H

/*
 * From an identity to the files an output writes. Pure: no file is opened here.
 *
 *     CLEANUP(output_files_release) struct output_files files = { 0 };
 *     TRY(output_files_build(&inputs, &files));
 *     TRY(destination_publish(destination, files.items, files.len, &report));
 *
 * docs/outputs.md lists the files. They stand in the order in which they are to be renamed: what is
 * true before and after (CAs, known hosts) first, then `identity`, then the pairs side by side,
 * SSH certificate, key, TLS certificate. Whoever watches `tlscert` finds everything else new.
 *
 * Names and keys that the cluster sent are checked before they go into a file or a file's name: a
 * cluster called "x\n@cert-authority *" is refused with ERR_PROTOCOL. What only this machine's
 * configuration can have got wrong (a directory with a quote in its name) is ERR_CONFIG.
 *
 * Threads: no state; a struct belongs to one thread at a time.
 */

#include "agent/output_files_ssh.h"
#include "base/dir.h"
#include "identity/pki/credentials.h"

#define OUTPUT_FILES_MAX 4096             /* files of one output */
#define OUTPUT_FILES_MAX_SIZE (16U << 20) /* of one file */

struct output_owned; /* private */

/* A growing list of files that owns names and contents. Zero-initialised is empty. */
struct output_files {
    struct dir_file *items;
    size_t len;
    struct output_owned *owned; /* private */
    size_t cap;                 /* private */
};

/* Wipes what is secret. */
void output_files_release(struct output_files *f);

/* Adds a file of mode 0600 with a copy of `content`. ERR_PROTOCOL for a name that is there already.
 */
RESULT output_files_add(struct output_files *f, const char *name, struct bytes content);

/* The same; takes `content` over, also on failure. */
RESULT output_files_add_secret(struct output_files *f, const char *name, struct secret *content);

/* `key.pub`, `key-cert.pub`, `key`, `tlscert`: what every output has. */
RESULT output_files_add_credentials(struct output_files *f, const struct credentials *creds);

/* `identity`, for tsh, tctl and Teleport's API clients; `cluster` is the one its SSH CAs sign for.
 */
RESULT output_files_add_identity(struct output_files *f, const struct credentials *creds,
                                 const char *cluster);

/*
 * Certificates of all clusters' CAs, PEM, one or several in each item: those in use and those still
 * or already trusted during a rotation.
 */
struct output_cas {
    const struct strlist *host, *user, *database;
};

/* `teleport-host-ca.crt`, `teleport-user-ca.crt`, `teleport-database-ca.crt`. */
RESULT output_files_add_cas(struct output_files *f, const struct output_cas *cas);

/* All that an `identity` output is made from; everything is borrowed. */
struct output_inputs {
    const struct credentials *creds;
    const char *cluster; /* see output_files_add_identity() */
    struct output_cas cas;
    struct output_ssh ssh;
    bool with_ssh; /* `ssh_config: on`: known_hosts, ssh_config and those per cluster */
};

/* The whole set of an `identity` output. Nothing is returned on failure. */
RESULT output_files_build(const struct output_inputs *in, struct output_files *ret);

#endif
