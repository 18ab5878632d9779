/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/output_identity.h"

#include <string.h>

#define SSH_CERT "-cert-v01@openssh.com "
#define TLS_BEGIN "-----BEGIN CERTIFICATE-----\n"
#define TLS_END "-----END CERTIFICATE-----\n"

/* The key, then the SSH certificate's line, the TLS certificate, and whatever else with the CAs. */
struct cuts {
    const char *ssh, *tls, *rest;
};

static struct bytes between(const char *from, const char *to)
{
    return (struct bytes){(const uint8_t *)from, (size_t)(to - from)};
}

static const char *line_of(const char *text, const char *at)
{
    while (at > text && at[-1] != '\n')
        at--;
    return at;
}

static struct err *cut(const char *text, struct cuts *ret)
{
    const char *ssh = strstr(text, SSH_CERT);
    const char *tls = ssh ? strstr(ssh, TLS_BEGIN) : NULL;
    const char *end = tls ? strstr(tls, TLS_END) : NULL;
    if (!end)
        return err_new(ERR_CRYPTO, "there is no whole %s in it",
                       tls || ssh ? "TLS certificate" : "SSH certificate");
    *ret = (struct cuts){line_of(text, ssh), tls, end + strlen(TLS_END)};
    return NULL;
}

RESULT output_identity_read(const struct secret *text, struct credentials **ret)
{
    CLEANUP(key_freep) struct key *key = NULL;
    CLEANUP(strlist_release) struct strlist cas = {0};
    const char *start = secret_str(text);
    struct cuts at = {0};
    TRY(cut(start, &at));
    TRY_CTX(key_from_pem(between(start, at.ssh), &key), "private key");
    TRY(strlist_add(&cas, at.rest));
    struct credentials_parts parts = {
        .key = key,
        .tls_cert = between(at.tls, at.rest),
        .ssh_cert = between(at.ssh, strchr(at.ssh, '\n')),
        .tls_cas = &cas,
    };
    return credentials_new(&parts, ret);
}
