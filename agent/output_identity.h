/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_AGENT_OUTPUT_IDENTITY_H
#define TBOT_AGENT_OUTPUT_IDENTITY_H

/*
 * Reads an `identity` file back: the one file of an output that holds a whole set, and so is never of
 * two renewals. output_files_add_identity() writes it.
 */

#include "identity/pki/credentials.h"

/*
 * ERR_CRYPTO when it is cut, damaged, or its parts do not belong together. The SSH CAs are not read:
 * they are no part of what an output writes beside it.
 */
RESULT output_identity_read(const struct secret *text, struct credentials **ret);

#endif
