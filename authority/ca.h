/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AUTHORITY_CA_H
#define TBOT_AUTHORITY_CA_H

/*
 * One certificate authority of the cluster and the phases of its rotation.
 *
 * An authority signs with its active keys. While it rotates it has a second set that is trusted
 * besides: the coming keys in `init`, the former ones in `update_clients` and `update_servers`. What
 * is to be trusted is always the active set followed by the additional one.
 *
 * Threads: whoever owns the struct guards it. Zero-initialised is empty.
 */

#include "base/clock.h"
#include "base/entropy.h"
#include "base/strlist.h"
#include "identity/pki/key.h"

enum ca_kind {
    CA_HOST,
    CA_USER,
    CA_DB,
    CA_SPIFFE,
    CA_KIND_COUNT,
};

/* "host", "user", "db", "spiffe". */
const char *ca_kind_name(enum ca_kind kind);
bool ca_kind_parse(const char *text, enum ca_kind *ret);

/* Host and user authorities sign SSH certificates too. */
bool ca_kind_has_ssh(enum ca_kind kind);

struct ca_keys {
    struct key *tls; /* NULL: an empty set */
    X509 *cert;      /* self-signed, over `tls` */
    struct key *ssh; /* NULL for an authority without SSH */
};

/* Slow with RSA. */
RESULT ca_keys_generate(enum ca_kind kind, enum suite suite, const char *cluster, struct wall now,
                        struct ca_keys *ret);
void ca_keys_release(struct ca_keys *k);

enum ca_phase {
    CA_STANDBY,
    CA_INIT,
    CA_UPDATE_CLIENTS,
    CA_UPDATE_SERVERS,
    CA_ROLLBACK,
};

/* As on the wire: "standby", "init", "update_clients", "update_servers", "rollback". */
const char *ca_phase_name(enum ca_phase phase);
bool ca_phase_parse(const char *text, enum ca_phase *ret);

/* What follows in an undisturbed rotation. */
enum ca_phase ca_phase_next(enum ca_phase phase);

struct ca {
    enum ca_kind kind;
    enum ca_phase phase;
    struct ca_keys active;
    struct ca_keys additional;
};

void ca_release(struct ca *ca);

/* Fills in all authorities of a new cluster, on several threads. */
RESULT ca_generate_all(enum suite suite, const char *cluster, struct wall now,
                       struct ca ret[CA_KIND_COUNT]);

/*
 * Goes to a phase: `init` from `standby` (takes the content of `fresh`, the coming keys), then one
 * after the other; `rollback` from any phase but `standby`, and from there only `standby`. ERR_REJECTED
 * for a step that does not exist. `fresh` is needed for `init` only.
 */
RESULT ca_rotate(struct ca *ca, enum ca_phase to, struct ca_keys *fresh);

/* The trusted certificates as PEM, and SSH keys as authorized_keys lines; the active ones first. */
RESULT ca_trusted_tls(const struct ca *ca, struct strlist *out);
RESULT ca_trusted_ssh(const struct ca *ca, struct strlist *out);

#endif
