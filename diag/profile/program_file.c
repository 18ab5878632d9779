/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/program_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

RESULT program_file_open(const char *path, struct program_file *ret)
{
    CLEANUP(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return err_sys(ERR_STORAGE, errno, "open '%s'", path);
    if (st.st_size <= 0)
        return err_new(ERR_STORAGE, "open '%s': empty", path);
    void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return err_sys(ERR_STORAGE, errno, "map '%s'", path);
    ret->content = (struct bytes){at, (size_t)st.st_size};
    return NULL;
}

void program_file_close(struct program_file *f)
{
    if (f->content.data)
        munmap((void *)(uintptr_t)f->content.data, f->content.len);
    f->content = (struct bytes){0};
}
