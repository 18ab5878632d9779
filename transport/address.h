/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TRANSPORT_ADDRESS_H
#define TBOT_TRANSPORT_ADDRESS_H

/*
 * Network addresses as the configuration writes them, and the names a cluster's servers go by.
 *
 * A struct address is a plain value. `host` is a DNS name or an IP address (IPv6 without brackets).
 */

#include "base/err.h"

#include <stdint.h>

#define ADDRESS_PORT_AUTH 3025
#define ADDRESS_PORT_WEB 3080

struct address {
    char host[256];
    uint16_t port;
};

/*
 * Parses "host", "host:port", "[v6]:port", each with an optional tcp://, http:// or https:// in
 * front and one slash behind. `default_port` is filled in where none is given. ERR_CONFIG.
 */
RESULT address_parse(const char *text, uint16_t default_port, struct address *ret);

#define ADDRESS_TEXT_SIZE (256 + sizeof("[]:65535"))

/* "host:port", "[v6]:port". Returns `out`. */
char *address_format(const struct address *a, char out[ADDRESS_TEXT_SIZE]);

bool address_is_ip(const struct address *a);

/* "localhost" or an address of the loopback network. */
bool address_is_loopback(const struct address *a);

/* The name every auth server answers to, whatever its cluster. */
#define ADDRESS_ANY_CLUSTER "teleport.cluster.local"

#define ADDRESS_NAME_SIZE 256

/*
 * The TLS name of a cluster's auth server: lower-case hex of the cluster's name in front of
 * ".teleport.cluster.local". ERR_REJECTED when the name is empty or too long for a TLS extension.
 */
RESULT address_of_cluster(const char *cluster, char ret[ADDRESS_NAME_SIZE]);

#endif
