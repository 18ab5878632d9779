/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile_subject cpu|heap|threads: works as its functions' names say, and writes its own profile to
 * standard output, for integration/profile to show to other readers.
 */
#include "base/thread.h"
#include "diag/profile/cpu_profile.h"
#include "diag/profile/heap_profile.h"
#include "diag/profile/thread_stacks.h"

#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static atomic_bool has_begun, is_over;

__attribute__((noinline)) static void derive_slowly(void)
{
    unsigned char key[32];
    PKCS5_PBKDF2_HMAC("x", 1, (const unsigned char *)"y", 1, 100000, EVP_sha512(), sizeof(key),
                      key);
}

__attribute__((noinline)) static void *hold_much(void)
{
    void *volatile much = malloc((size_t)8 << 20); /* no tail call: it is to be seen on the stack */
    return much;
}

static void *work(void *arg)
{
    while (!atomic_load(&is_over)) {
        derive_slowly();
        atomic_store(&has_begun, true);
    }
    return arg;
}

static struct err *write_heap(struct buf *out)
{
    TRY(heap_profile_start(HEAP_PROFILE_RATE));
    CLEANUP(freep) void *held = hold_much();
    return heap_profile_take(clock_system(), out);
}

static struct err *write_profile(const char *kind, struct buf *out)
{
    const struct ctx ctx = {.clock = clock_system(), .deadline = MONO_NEVER};
    if (strcmp(kind, "heap") == 0)
        return write_heap(out);
    if (strcmp(kind, "threads") == 0)
        return thread_stacks_print(&ctx, out);
    return cpu_profile_take(&ctx, dur_s(1), out);
}

static struct err *run(const char *kind)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT((size_t)1 << 24);
    pthread_t thread;

    TRY(thread_start(work, NULL, &thread));
    while (!atomic_load(&has_begun))
        sched_yield();
    struct err *e = write_profile(kind, &out);
    atomic_store(&is_over, true);
    pthread_join(thread, NULL);
    TRY(e);
    if (fwrite(out.data, 1, out.len, stdout) != out.len || fflush(stdout) != 0)
        return err_new(ERR_STORAGE, "write the profile");
    return NULL;
}

int main(int argc, char **argv)
{
    struct err *e = run(argc > 1 ? argv[1] : "cpu");
    if (!e)
        return 0;
    CLEANUP(freep) char *text = err_text(e);
    fprintf(stderr, "%s\n", text ? text : "out of memory");
    int code = err_code(e) == ERR_UNIMPLEMENTED ? 77 : 1;
    err_free(e);
    return code;
}
