/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/profile/heap_hook.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * malloc() and its family, defined by the program and so used by every library in it: OpenSSL, gRPC and
 * C++'s new, libc itself. Each asks glibc's own, which keeps its names for that, and tells the hook.
 *
 * The hooks glibc had for this are gone since 2.34; OpenSSL's CRYPTO_set_mem_functions() sees only
 * OpenSSL. Not part of builds with sanitizers, which do the same for themselves.
 */

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): they are glibc's */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *p);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

#define PUBLIC __attribute__((visibility("default")))

const bool heap_hook_is_linked = true;

PUBLIC void *malloc(size_t size)
{
    void *p = __libc_malloc(size);

    heap_hook_note(p, size);
    return p;
}

PUBLIC void *calloc(size_t n, size_t size)
{
    void *p = __libc_calloc(n, size);

    heap_hook_note(p, n * size); /* it did not overflow, or there is no p */
    return p;
}

PUBLIC void free(void *p)
{
    heap_hook_forget(p);
    __libc_free(p);
}

/* When it fails the old block is no longer known to the profile, which is then wrong by that one. */
PUBLIC void *realloc(void *old, size_t size)
{
    heap_hook_forget(old);
    void *p = __libc_realloc(old, size);
    heap_hook_note(p, size);
    return p;
}

PUBLIC void *memalign(size_t alignment, size_t size)
{
    void *p = __libc_memalign(alignment, size);

    heap_hook_note(p, size);
    return p;
}

PUBLIC void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

PUBLIC int posix_memalign(void **ret, size_t alignment, size_t size)
{
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    int before = errno; /* which this function leaves alone */
    void *p = memalign(alignment, size);
    errno = before;
    if (!p)
        return ENOMEM;
    *ret = p;
    return 0;
}

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

PUBLIC void *valloc(size_t size)
{
    return memalign(page_size(), size);
}

PUBLIC void *pvalloc(size_t size)
{
    size_t page = page_size();

    if (size > SIZE_MAX - page) {
        errno = ENOMEM;
        return NULL;
    }
    return memalign(page, (size + page - 1) / page * page);
}
