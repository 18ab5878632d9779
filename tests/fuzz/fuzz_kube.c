/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks what an API server of Kubernetes, or whoever writes to the service account's directory, sends:
 * kube_reply_read(), kube_secret_decode(), kube_token_claims(). Each input goes into all of them.
 */
#include "agent/kube_reply.h"
#include "agent/kube_secret.h"
#include "agent/kube_token.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void attack_reply(struct bytes in)
{
    const struct kube_asked asked = {"get", "apps", "web", ""};
    struct kube_reply r;
    struct dur wait;
    kube_reply_read(409, in, (struct dur){0}, &r);
    for (const char *c = r.message; *c; c++)
        fuzz_check(*c >= ' ' && *c <= '~', "a message of a server is printable");
    fuzz_check(!(r.is_owned && kube_reply_may_repeat(&r, 1, &wait)), "what is owned stays owned");
    fuzz_check(!kube_reply_may_repeat(&r, KUBE_REPLY_TRIES, &wait), "tries are bounded");
    err_free(kube_reply_error(&r, &asked));
}

static void attack_secret(struct bytes in)
{
    CLEANUP(secret_files_release) struct secret_files files = {0};
    bool is_ours = false;
    if (!fuzz_is_accepted(kube_secret_decode(in, "tbot", &files, &is_ours)))
        fuzz_check(files.len == 0 && !is_ours, "what is refused leaves nothing");
    for (size_t i = 0; i < files.len; i++)
        fuzz_check(secret_files_find(&files, files.items[i].name) == files.items[i].content,
                   "each file is found by its name");
}

static void attack_token(struct bytes in)
{
    CLEANUP(secret_freep) struct secret *token = NULL;
    CLEANUP(buf_release) struct buf text = BUF_INIT(4096);
    struct kube_token_claims claims;
    fuzz_must(secret_new(in.data, in.len, &token));
    if (fuzz_is_accepted(kube_token_claims(token, &claims)))
        fuzz_must(kube_token_describe(&claims, wall_of_unix(0), &text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = {data, size};
    attack_reply(in);
    attack_secret(in);
    attack_token(in);
    return 0;
}
