/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_PROFILE_SYMBOL_LIST_H
#define TBOT_DIAG_PROFILE_SYMBOL_LIST_H

/*
 * The functions of one program, in the order of their addresses, and the two forms in which they stand
 * in its file: the symbol table that the linker writes and strip(1) removes, and a section of our own
 * that stays.
 *
 *     .tbot.symbols:  "tbs1", the size of the rest when unpacked (four bytes, little-endian), and by
 *                     zlib: the number of functions, the distance of each from the one before, all
 *                     varints, then the names, each with its NUL
 *
 * Threads: one at a time.
 */

#include "base/buf.h"

#define SYMBOL_LIST_SECTION ".tbot.symbols"
#define SYMBOL_LIST_MAX ((size_t)200000) /* functions; there are 13,000 */
#define SYMBOL_LIST_BYTES_MAX ((size_t)32 * 1024 * 1024)

struct symbol {
    uint64_t at;      /* relative to the program's base */
    const char *name; /* as the linker knows it; lives in the list */
};

struct symbol_list {
    size_t n;
    struct symbol *items;
    struct buf names; /* private: what the names point into */
};

#define SYMBOL_LIST_INIT ((struct symbol_list){.names = BUF_INIT(SYMBOL_LIST_BYTES_MAX)})

void symbol_list_release(struct symbol_list *l);

/* From the linker's table. ERR_NOT_FOUND: it was stripped. ERR_PROTOCOL: not a file of this machine. */
RESULT symbol_list_read_table(struct bytes file, struct symbol_list *ret);

/* From our section in the file. ERR_NOT_FOUND: there is none. ERR_PROTOCOL: it makes no sense. */
RESULT symbol_list_read_section(struct bytes file, struct symbol_list *ret);

/* The section's content. */
RESULT symbol_list_pack(const struct symbol_list *l, struct buf *out);
RESULT symbol_list_unpack(struct bytes packed, struct symbol_list *ret);

/* Which function that address belongs to; NULL: before the first. */
const struct symbol *symbol_list_find(const struct symbol_list *l, uint64_t at);

#endif
