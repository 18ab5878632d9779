/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_DIAG_TOKEN_FILE_H
#define TBOT_DIAG_TOKEN_FILE_H

/*
 * The file of tokens (diag/tokens.h says what is in it), and who a request comes from by its token.
 *
 * It must be a regular file of our own user's or root's, mode 0600 or less, and no symbolic link. It is
 * looked at with every token that comes, and read again when it changed. While what is there now cannot
 * be used, or nothing is there, the tokens read before stay good, and the log says so once: to take a
 * token back, take its line out. It belongs on a local filesystem: reading it is done in the loop.
 *
 * Threads: one at a time.
 */

#include "diag/access.h"
#include "diag/core/log.h"

struct diag_token_file;

/* `path` and `log` are borrowed; `log` may be NULL. ERR_CONFIG says what is wrong with the file. */
RESULT diag_token_file_open(const char *path, struct log *log, struct diag_token_file **ret);
void diag_token_file_free(struct diag_token_file *f); /* accepts NULL */
DEFINE_FREEP(diag_token_file)

/*
 * Fills in what the Authorization header proves; NULL: none came. `f` may be NULL: then no token is good.
 * The name in `asker` lives until the next call.
 */
void diag_token_file_identify(struct diag_token_file *f, const char *authorization,
                              struct diag_asker *asker);

#endif
