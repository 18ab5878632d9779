/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replays a fuzzer's corpus without libFuzzer:
 *
 *     build/dev/tests/fuzz/fuzz_NAME tests/fuzz/corpus/NAME build/fuzz/crash-…
 *
 * Each file goes in as it is, then cut at many lengths, then with bytes changed at random from a
 * fixed seed. A directory means the files in it. Ends with 0 unless the fuzzer, or a sanitizer,
 * ended the program; then the last line says which copy of which file it was.
 */

#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX ((size_t)1 << 20)
#define CUTS_MAX 256
#define MUTATIONS 256
#define CHANGES_MAX 6

/* What is being tried, for whoever has to find the copy again. */
static char trying[PATH_MAX + 64];

static void on_abort(int sig)
{
    (void)sig;
    ssize_t ignored = write(STDERR_FILENO, trying, strlen(trying));
    (void)ignored;
}

/* splitmix64: the same on every machine. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* In memory of exactly its size, so that a sanitizer sees a read past its end. */
static void run_copy(struct bytes in)
{
    CLEANUP(freep) uint8_t *copy = in.len > 0 ? malloc(in.len) : NULL;
    if (in.len > 0 && !copy)
        abort();
    if (in.len > 0)
        memcpy(copy, in.data, in.len);
    LLVMFuzzerTestOneInput(copy, in.len);
}

static void run_cut(const char *path, struct bytes in)
{
    size_t step = in.len / CUTS_MAX + 1;
    for (size_t len = 0; len < in.len; len += step) {
        snprintf(trying, sizeof(trying), "replay: %s cut to %zu bytes\n", path, len);
        run_copy((struct bytes){in.data, len});
    }
}

/* A bit, a byte, or a byte that is already somewhere else in the file. */
static void change(uint8_t *data, size_t len, uint64_t *random)
{
    size_t at = next_random(random) % len;
    uint64_t r = next_random(random);
    if (r % 3 == 0)
        data[at] ^= (uint8_t)(1U << (r >> 8) % 8);
    else
        data[at] = r % 3 == 1 ? (uint8_t)(r >> 8) : data[(r >> 8) % len];
}

static void run_mutated(const char *path, struct bytes in)
{
    uint64_t random = in.len;
    for (unsigned i = 0; i < MUTATIONS && in.len > 0; i++) {
        CLEANUP(freep) uint8_t *copy = malloc(in.len);
        if (!copy)
            abort();
        memcpy(copy, in.data, in.len);
        for (uint64_t n = 1 + next_random(&random) % CHANGES_MAX; n > 0; n--)
            change(copy, in.len, &random);
        snprintf(trying, sizeof(trying), "replay: %s mutation %u\n", path, i);
        run_copy((struct bytes){copy, in.len});
    }
}

static void run_file(const char *path)
{
    CLEANUP(freep) uint8_t *data = malloc(FILE_MAX);
    FILE *f = fopen(path, "rb");
    if (!data || !f) {
        perror(path);
        exit(1);
    }
    struct bytes in = {data, fread(data, 1, FILE_MAX, f)};
    fclose(f);
    snprintf(trying, sizeof(trying), "replay: %s\n", path);
    run_copy(in);
    run_cut(path, in);
    run_mutated(path, in);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static unsigned run_path(const char *path)
{
    struct dirent **entries = NULL;
    int n = scandir(path, &entries, is_visible, alphasort);
    if (n < 0) {
        run_file(path);
        return 1;
    }
    for (int i = 0; i < n; i++) {
        char file[PATH_MAX];
        snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
        run_file(file);
        free(entries[i]);
    }
    free(entries);
    return (unsigned)n;
}

int main(int argc, char **argv)
{
    unsigned files = 0;
    signal(SIGABRT, on_abort);
    for (int i = 1; i < argc; i++)
        files += run_path(argv[i]);
    if (files == 0) {
        fprintf(stderr, "usage: %s FILE|DIRECTORY…\n", argv[0]);
        return 2;
    }
    printf("%u files replayed\n", files);
    return 0;
}
