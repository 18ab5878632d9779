/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dir_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define LOCKS "/proc/locks"
#define LOCKS_MAX (4 * 1024 * 1024)
#define FILE_ID_SIZE 64

/* The words of a line: "1: FLOCK  ADVISORY  WRITE 21218 fe:00:9977867 0 EOF". */
enum word {
    NUMBER,
    KIND, /* "->" where somebody only waits for it */
    TYPE,
    ACCESS,
    PID,
    FILE_ID,
    WORDS,
};

static bool split_words(char *line, const char *ret[WORDS])
{
    size_t n = 0;
    for (char *rest = line; rest && n < WORDS;) {
        const char *word = strsep(&rest, " ");
        if (*word)
            ret[n++] = word;
    }
    return n == WORDS;
}

static pid_t holder_in(char *text, const char *file_id)
{
    const char *words[WORDS];
    for (char *rest = text; rest;) {
        char *line = strsep(&rest, "\n");
        if (split_words(line, words) && strcmp(words[KIND], "FLOCK") == 0 &&
            strcmp(words[FILE_ID], file_id) == 0)
            return (pid_t)strtol(words[PID], NULL, 10);
    }
    return 0;
}

RESULT dir_lock_holder(struct dir *d, const char *name, pid_t *ret)
{
    CLEANUP(buf_freep) struct buf *locks = NULL;
    char file_id[FILE_ID_SIZE];
    struct stat st;

    TRY(dir_check_name(d, name));
    *ret = 0;
    if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? NULL : dir_error(d, name, errno, "look at");
    struct err *e = file_read(LOCKS, LOCKS_MAX, &locks);
    if (e) {
        err_ignore(e, "without /proc it cannot be seen");
        return NULL;
    }
    snprintf(file_id, sizeof(file_id), "%02x:%02x:%" PRIuMAX, major(st.st_dev), minor(st.st_dev),
             (uintmax_t)st.st_ino);
    CLEANUP(freep) char *text = buf_take_str(locks);
    if (!text)
        return err_nomem();
    *ret = holder_in(text, file_id);
    return NULL;
}
