/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_SYMBOL_TEXT_H
#define TBOT_DIAG_PROFILE_SYMBOL_TEXT_H

/* What /debug/pprof/symbol answers, for readers of profiles that bring addresses without names. */

#include "base/buf.h"

/* Without addresses: that there are names. */
#define SYMBOL_TEXT_YES "num_symbols: 1\n"

/*
 * SYMBOL_TEXT_YES, then a line "0xADDRESS<tab>NAME" for each of the addresses in `wanted`, which stand
 * apart by "+" and are hexadecimal; what is no address ends it.
 */
RESULT symbol_text_print(struct bytes wanted, struct buf *out);

#endif
