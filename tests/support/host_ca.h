/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_HOST_CA_H
#define TBOT_TESTS_SUPPORT_HOST_CA_H

/* A cluster's host CA and the certificates of its servers. Everything that fails ends the test. */

#include "identity/pki/credentials.h"

struct host_ca {
    struct key *key;
    X509 *cert;
};

void host_ca_init(struct host_ca *ca, const char *cluster);
void host_ca_release(struct host_ca *ca);

/* A certificate over `key`, e.g. for "DNS:localhost,IP:127.0.0.1". Times are seconds since 1970, zero:
 * valid. The caller's. */
X509 *host_ca_issue(const struct host_ca *ca, const struct key *key, const char *alt_names,
                    int64_t not_after);

/* The credentials of a bot of FIXTURE_CLUSTER that trusts this CA, and no other. The caller's. */
struct credentials *host_ca_bot(const struct host_ca *ca, const char *user);

/* Its certificate as PEM. Caller frees. */
char *host_ca_pem(const struct host_ca *ca);

#endif
