/* SPDX-License-Identifier: Apache-2.0 */
/* tbot-symbol-pack FILE: writes the section that names the functions of FILE to standard output. */
#include "diag/profile/program_file.h"
#include "diag/profile/symbol_list.h"

#include <stdio.h>

static struct err *pack(const char *path)
{
    CLEANUP(program_file_close) struct program_file file = {0};
    CLEANUP(symbol_list_release) struct symbol_list l = SYMBOL_LIST_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT(SYMBOL_LIST_BYTES_MAX);

    TRY(program_file_open(path, &file));
    TRY(symbol_list_read_table(file.content, &l));
    TRY(symbol_list_pack(&l, &out));
    if (fwrite(out.data, 1, out.len, stdout) != out.len || fflush(stdout) != 0)
        return err_new(ERR_STORAGE, "write the section");
    return NULL;
}

int main(int argc, char **argv)
{
    struct err *e =
        argc == 2 ? pack(argv[1]) : err_new(ERR_USAGE, "one argument: the program's file");
    if (!e)
        return 0;
    CLEANUP(freep) char *text = err_text(e);
    fprintf(stderr, "tbot-symbol-pack: %s\n", text ? text : "out of memory");
    err_free(e);
    return 1;
}
