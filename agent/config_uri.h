/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_CONFIG_URI_H
#define TBOT_AGENT_CONFIG_URI_H

/* Destinations as the command line writes them: `/path`, `file:///path`, `memory://`. */

#include "agent/config.h"

/* ERR_USAGE. What `ret` held before is released. */
RESULT config_uri_destination(const char *text, struct config_destination *ret);

/*
 * Percent-decoding (RFC 3986, 2.1) into `out`, which has room for `in.len` bytes. False for a '%'
 * without two hex digits.
 */
bool config_uri_decode(struct bytes in, uint8_t *out, size_t *ret_len);

#endif
