/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CREDENTIAL_FACTS_H
#define TBOT_AGENT_CREDENTIAL_FACTS_H

/*
 * What may be told of an identity's two certificates: names, serial numbers, times, and a hash by
 * which each is known again in its file. No secret, so that a service can keep it for diagnostics when
 * the keys are long gone from memory.
 *
 * Threads: no state; a struct belongs to one thread at a time.
 */

#include "base/encode.h"
#include "identity/pki/credentials.h"
#include "identity/schedule.h"

enum credential_kind { CREDENTIAL_X509, CREDENTIAL_SSH, CREDENTIAL_KINDS };

/* "x509", "ssh" */
const char *credential_kind_name(enum credential_kind kind);

/* What its file is called, in the storage and in outputs. */
const char *credential_kind_file(enum credential_kind kind);

struct credential_fact {
    char *subject; /* x509: the common name; ssh: the key ID */
    char *serial;  /* x509: hex; ssh: decimal */
    struct validity validity;
    char sha256[SHA256_HEX_SIZE]; /* of its file */
};

/* Zero-initialised is empty. */
struct credential_facts {
    struct credential_fact of[CREDENTIAL_KINDS];
};

/* Into an empty `ret`. ERR_NOMEM, or ERR_CRYPTO. */
RESULT credential_facts_of(const struct credentials *c, struct credential_facts *ret);
void credential_facts_release(struct credential_facts *f);

/* One service's credentials, as diagnostics show them. Borrowed until the service's next event. */
struct credential_view {
    const char *service;
    const struct credential_facts *facts; /* NULL: it has none */
    const char *dir;                      /* where their files are; NULL: not in files */
    struct wall renew_at;                 /* WALL_NONE: not planned */
    bool is_stale;                        /* the renewal fell due and has not succeeded */
    bool is_busy; /* work is under way, which may have written files that `facts` are not of yet */
};

#endif
