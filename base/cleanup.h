/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_BASE_CLEANUP_H
#define TBOT_BASE_CLEANUP_H

/*
 * Scope-bound ownership for local variables.
 *
 * A local that owns something is declared with CLEANUP(helper) and initialised at once. Ownership
 * leaves the function only through TAKE(), on the success line:
 *
 *     CLEANUP(buf_freep) struct buf *b = buf_new(4096);
 *     TRY(fill(b));
 *     *ret_buf = TAKE(b);
 *     return NULL;
 *
 * Each type defines its helper beside its _free function with DEFINE_FREEP(type).
 */

#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(helper) __attribute__((cleanup(helper)))

/* Yields the pointer and leaves NULL behind, so that the cleanup helper has nothing to do. */
#define TAKE(ptr)                                                                                  \
    __extension__({                                                                                \
        __auto_type take_at_ = &(ptr);                                                             \
        __auto_type take_ = *take_at_;                                                             \
        *take_at_ = NULL;                                                                          \
        take_;                                                                                     \
    })

/* Yields the descriptor and leaves -1 behind. */
#define TAKE_FD(fd)                                                                                \
    __extension__({                                                                                \
        int *take_at_ = &(fd);                                                                     \
        int take_fd_ = *take_at_;                                                                  \
        *take_at_ = -1;                                                                            \
        take_fd_;                                                                                  \
    })

/* Defines NAME_freep(), which frees a local `struct NAME *`. */
#define DEFINE_FREEP(name)                                                                         \
    static inline void name##_freep(struct name **p)                                               \
    {                                                                                              \
        name##_free(*p);                                                                           \
    }

/* For plain malloc'ed memory: CLEANUP(freep) char *s = NULL; */
static inline void freep(void *p)
{
    free(*(void **)p);
}

/* For file descriptors: CLEANUP(closep) int fd = -1; */
static inline void closep(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

#endif
