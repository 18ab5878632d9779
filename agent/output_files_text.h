/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_OUTPUT_FILES_TEXT_H
#define TBOT_AGENT_OUTPUT_FILES_TEXT_H

/*
 * Checking and quoting what goes into the files of an output. Each function says which reader of
 * the file it protects. Values from the cluster fail with ERR_PROTOCOL, values from this machine
 * with ERR_CONFIG.
 */

#include "base/strlist.h"

/* Leaves room for ".known_hosts" and a temporary file's ending within a file name's 255 bytes. */
#define OUTPUT_MAX_CLUSTER_NAME 200
#define OUTPUT_MAX_HOST_NAME 253

/*
 * A cluster's name is part of file names, of host patterns and of a shell command: letters, digits,
 * '-', '_' and '.', beginning with a letter or digit. Anything else is refused.
 */
RESULT output_text_check_cluster(const char *name);

/* The host of "host:port" or "[address]:port": letters, digits, '-', '_', '.', or an IPv6 address.
 */
RESULT output_text_proxy_host(const char *address, struct buf *ret_host);

/*
 * "type base64" of an authorized_keys line, written anew without its comment: nothing in it can end
 * the line. ERR_CRYPTO when it is no key.
 */
RESULT output_text_add_key(struct buf *out, const char *line);

/* A path between double quotes, for ssh_config's file directives: "%" is doubled. */
RESULT output_text_add_ssh_path(struct buf *out, const char *dir, const char *name);

/* One word for the shell, between single quotes, inside a ProxyCommand: "%" is doubled. */
RESULT output_text_add_proxy_word(struct buf *out, const char *word);

#endif
