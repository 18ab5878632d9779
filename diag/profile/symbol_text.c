/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/symbol_text.h"

#include "diag/profile/symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* The next address of "0x12+0x34"; false: there is none. */
static bool next_address(const char **at, uintptr_t *ret)
{
    char *end = NULL;

    errno = 0;
    *ret = strtoull(*at, &end, 16);
    if (end == *at || errno)
        return false;
    *at = *end == '+' ? end + 1 : end;
    return true;
}

RESULT symbol_text_print(struct bytes wanted, struct buf *out)
{
    CLEANUP(symbols_freep) struct symbols *symbols = NULL;
    CLEANUP(freep) char *text = strndup(wanted.len ? (const char *)wanted.data : "", wanted.len);
    uintptr_t pc = 0;

    if (!text)
        return err_nomem();
    TRY(symbols_load(&symbols));
    TRY(buf_add_str(out, SYMBOL_TEXT_YES));
    for (const char *at = text; next_address(&at, &pc);) {
        struct symbols_answer found;
        symbols_find(symbols, pc, &found);
        TRY(buf_printf(out, "0x%" PRIxPTR "\t%s\n", pc, found.name));
    }
    return NULL;
}
