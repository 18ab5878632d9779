/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_ADDRESS_H
#define TBOT_DIAG_ADDRESS_H

/*
 * Where the diagnostics server listens, as the configuration writes it. Pure.
 *
 *     HOST:PORT            plain HTTP, as tbot has it
 *     http://HOST:PORT     the same
 *     https://HOST:PORT    TLS
 *     unix:PATH            a socket in the filesystem
 *     systemd:NAME         a socket that systemd opened for us (FileDescriptorName=NAME)
 *
 * HOST is an IP address, "localhost", or empty for every address of the machine.
 */

#include "base/err.h"

#include <netinet/in.h>
#include <sys/un.h>

enum diag_scheme { DIAG_HTTP, DIAG_HTTPS, DIAG_UNIX, DIAG_SYSTEMD };

struct diag_address {
    enum diag_scheme scheme;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } at; /* HTTP, HTTPS, UNIX */
    socklen_t len;
    char text[160]; /* for messages: as it was written; SYSTEMD: the name */
};

/* ERR_CONFIG. Names are not resolved: nothing here may wait for a server. */
RESULT diag_address_parse(const char *text, struct diag_address *ret);

/* Only this machine can reach it. SYSTEMD: not known here, false. */
bool diag_address_is_local(const struct diag_address *a);

#endif
