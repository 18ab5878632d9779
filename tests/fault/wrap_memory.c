/* SPDX-License-Identifier: Apache-2.0 */
/* Everything of libc that gives memory and that our libraries call. */
#include "tests/fault/faults.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* More than anything here holds at a time. */
#define BLOCKS_MAX 65536

static void *blocks[BLOCKS_MAX];
static size_t n_blocks;

size_t faults_live_blocks(void)
{
    return n_blocks;
}

void faults_forget_blocks(void)
{
    n_blocks = 0;
}

static void *track(void *block)
{
    if (n_blocks == BLOCKS_MAX)
        abort();
    blocks[n_blocks++] = block;
    return block;
}

static void *remember(void *block)
{
    return block && faults_are_armed() ? track(block) : block;
}

/* The newest first: memory mostly goes in the order opposite to that in which it came. */
static bool forget(const void *block)
{
    for (size_t i = n_blocks; block && i-- > 0;) {
        if (blocks[i] != block)
            continue;
        blocks[i] = blocks[--n_blocks];
        return true;
    }
    return false;
}

static bool is_gone(const char *call)
{
    return faults_fail(POINT_MEMORY, call, NULL);
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_reallocarray(void *old, size_t n, size_t size);
void __real_free(void *block);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t len);
char *__real_getcwd(char *out, size_t size);
char *__real_realpath(const char *path, char *out);
FILE *__real_open_memstream(char **text, size_t *size);
int __real_fclose(FILE *f);
void *__real_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t len);
int __real_vasprintf(char **ret, const char *format, va_list ap);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);
void __wrap_free(void *block);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t len);
char *__wrap_getcwd(char *out, size_t size);
char *__wrap_realpath(const char *path, char *out);
FILE *__wrap_open_memstream(char **text, size_t *size);
int __wrap_fclose(FILE *f);
void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset);
int __wrap_munmap(void *at, size_t len);
int __wrap_vasprintf(char **ret, const char *format, va_list ap);
int __wrap_asprintf(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What the two above are called where the compiler checks formats. */
int __wrap___vasprintf_chk(char **ret, int flag, const char *format, va_list ap);
int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void *__wrap_malloc(size_t size)
{
    return is_gone("malloc") ? NULL : remember(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return is_gone("calloc") ? NULL : remember(__real_calloc(n, size));
}

static void *resize(const char *call, void *old, size_t n, size_t size)
{
    if (is_gone(call))
        return NULL;
    bool was_ours = forget(old);
    void *block = __real_reallocarray(old, n, size);
    if (!block)
        abort(); /* the machine is out of memory in earnest: nothing here is true any more */
    return was_ours ? track(block) : old ? block : remember(block);
}

void *__wrap_realloc(void *old, size_t size)
{
    return resize("realloc", old, 1, size);
}

void *__wrap_reallocarray(void *old, size_t n, size_t size)
{
    return resize("reallocarray", old, n, size);
}

void __wrap_free(void *block)
{
    forget(block);
    __real_free(block);
}

char *__wrap_strdup(const char *s)
{
    return is_gone("strdup") ? NULL : remember(__real_strdup(s));
}

char *__wrap_strndup(const char *s, size_t len)
{
    return is_gone("strndup") ? NULL : remember(__real_strndup(s, len));
}

char *__wrap_getcwd(char *out, size_t size)
{
    if (out)
        return __real_getcwd(out, size);
    return is_gone("getcwd") ? NULL : remember(__real_getcwd(NULL, size));
}

char *__wrap_realpath(const char *path, char *out)
{
    if (out)
        return __real_realpath(path, out);
    return is_gone("realpath") ? NULL : remember(__real_realpath(path, NULL));
}

FILE *__wrap_open_memstream(char **text, size_t *size)
{
    return is_gone("open_memstream") ? NULL : __real_open_memstream(text, size);
}

/* A stream into memory may find none at the last moment. */
int __wrap_fclose(FILE *f)
{
    bool failed = is_gone("fclose");
    return __real_fclose(f) != 0 || failed ? EOF : 0;
}

void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
    if (is_gone("mmap"))
        return MAP_FAILED;
    void *pages = __real_mmap(at, len, prot, flags, fd, offset);
    return pages == MAP_FAILED ? pages : remember(pages);
}

int __wrap_munmap(void *at, size_t len)
{
    forget(at);
    return __real_munmap(at, len);
}

/* On failure the pointer is undefined: here it points at what nobody may free. */
static int format_new(char **ret, const char *format, va_list ap)
{
    static char undefined[] = "the undefined result of a failed asprintf";
    if (is_gone("asprintf")) {
        *ret = undefined;
        return -1;
    }
    int n = __real_vasprintf(ret, format, ap);
    if (n >= 0)
        remember(*ret);
    return n;
}

int __wrap_vasprintf(char **ret, const char *format, va_list ap)
{
    return format_new(ret, format, ap);
}

int __wrap___vasprintf_chk(char **ret, int flag, const char *format, va_list ap)
{
    (void)flag;
    return format_new(ret, format, ap);
}

int __wrap_asprintf(char **ret, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = format_new(ret, format, ap);
    va_end(ap);
    return n;
}

int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...)
{
    (void)flag;
    va_list ap;
    va_start(ap, format);
    int n = format_new(ret, format, ap);
    va_end(ap);
    return n;
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
