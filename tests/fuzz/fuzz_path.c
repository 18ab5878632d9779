/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks path_file_decode(): what an earlier process, or somebody else, left as `path.json`. */
#include "tests/fuzz/fuzz.h"
#include "transport/path_file.h"

#include <string.h>

static void check_sense(const struct path_file *f)
{
    fuzz_check(strlen(f->settings) == SHA256_HEX_SIZE - 1, "settings are a hash");
    fuzz_check(!f->has_route || path_kind_has(f->kind, f->route), "a route is one of its kind");
    fuzz_check(memchr(f->cluster, '\0', sizeof(f->cluster)) != NULL, "a text has an end");
}

static void check_round_trip(const struct path_file *f)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(PATH_FILE_MAX);
    struct path_file again;
    fuzz_must(path_file_encode(f, &text));
    fuzz_must(path_file_decode(buf_bytes(&text), &again));
    fuzz_check(path_file_equals(f, &again) && f->learnt.ns == again.learnt.ns,
               "a file is read as it was written");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct path_file f;
    if (fuzz_is_accepted(path_file_decode((struct bytes){data, size}, &f))) {
        check_sense(&f);
        check_round_trip(&f);
    }
    return 0;
}
