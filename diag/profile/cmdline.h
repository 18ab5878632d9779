/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_CMDLINE_H
#define TBOT_DIAG_PROFILE_CMDLINE_H

/*
 * The command line without its secrets, its words apart by NUL bytes as Go has it. Pure, but for
 * cmdline_read().
 *
 * tbot wipes secrets from its own argv once it has read them. This is the second lock on that door:
 * for options it refused, and for what a person put where no secret belongs.
 */

#include "base/buf.h"

/*
 * `words`: each with its NUL. Masked are the values of options whose names speak of a token, a secret,
 * a password, or a joining URI; and whatever stands before the "@" of a URI.
 */
RESULT cmdline_mask(struct bytes words, struct buf *out);

/* That of this process. */
RESULT cmdline_read(struct buf *out);

#endif
