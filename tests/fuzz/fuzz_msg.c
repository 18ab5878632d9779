/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks every decoder of proto/msg_*.h; the first byte chooses which. What was decoded, encoded
 * and decoded again must be encoded the same once more.
 */
#include "proto/msg_auth.h"
#include "proto/msg_certs.h"
#include "proto/msg_cluster.h"
#include "proto/msg_join.h"
#include "proto/msg_register.h"
#include "proto/msg_trust.h"
#include "proto/msg_tunnel.h"
#include "tests/fuzz/fuzz.h"

static const char stable[] = "a message is encoded as it was decoded";

/* Text may be longer on our wire than on theirs: an empty message in a list, for one. */
#define OUT_MAX (4 * MSG_MAX)

#define ATTACK(name)                                                                               \
    static void attack_##name(struct bytes in)                                                     \
    {                                                                                              \
        CLEANUP(name##_release) struct name first = {0};                                           \
        CLEANUP(name##_release) struct name second = {0};                                          \
        CLEANUP(buf_release) struct buf a = BUF_INIT(OUT_MAX);                                     \
        CLEANUP(buf_release) struct buf b = BUF_INIT(OUT_MAX);                                     \
        if (!fuzz_is_accepted(name##_decode(in, &first)) || !IS_KNOWN(first))                      \
            return;                                                                                \
        fuzz_must(name##_encode(&first, &a));                                                      \
        if (!fuzz_is_accepted(name##_decode(buf_bytes(&a), &second)))                              \
            return; /* over a limit now */                                                         \
        fuzz_must(name##_encode(&second, &b));                                                     \
        fuzz_same(buf_bytes(&a), buf_bytes(&b), stable);                                           \
    }

#define ATTACK_SECRET(name)                                                                        \
    static void attack_##name(struct bytes in)                                                     \
    {                                                                                              \
        CLEANUP(name##_release) struct name first = {0};                                           \
        CLEANUP(name##_release) struct name second = {0};                                          \
        CLEANUP(secret_freep) struct secret *a = NULL;                                             \
        CLEANUP(secret_freep) struct secret *b = NULL;                                             \
        if (!fuzz_is_accepted(name##_decode(in, &first)) || !IS_KNOWN(first))                      \
            return;                                                                                \
        fuzz_must(name##_encode(&first, &a));                                                      \
        if (!fuzz_is_accepted(name##_decode(secret_bytes(a), &second)))                            \
            return; /* over a limit now */                                                         \
        fuzz_must(name##_encode(&second, &b));                                                     \
        fuzz_same(secret_bytes(a), secret_bytes(b), stable);                                       \
    }

#define IS_KNOWN(m) true
ATTACK(msg_ping_reply)
ATTACK(msg_cluster_ca)
ATTACK(msg_user)
ATTACK(msg_role_request)
ATTACK(msg_role)
ATTACK(msg_user_certs_request)
ATTACK(msg_certs)
ATTACK(msg_remote_clusters_request)
ATTACK(msg_remote_clusters)
ATTACK(msg_networking)
ATTACK_SECRET(msg_register_request)
ATTACK(msg_ca_request)
ATTACK(msg_ca_list_request)
ATTACK(msg_ca)
ATTACK(msg_ca_list)
ATTACK(msg_proxy_ssh_request)
ATTACK(msg_proxy_ssh_reply)
ATTACK(msg_cluster_details)

/* Members of other join methods are decoded as unknown, and are never encoded. */
#undef IS_KNOWN
#define IS_KNOWN(m) ((m).kind != 0)
ATTACK_SECRET(msg_join_request)
ATTACK(msg_join_response)

static void (*const attacks[])(struct bytes in) = {
    attack_msg_ping_reply,
    attack_msg_cluster_ca,
    attack_msg_user,
    attack_msg_role_request,
    attack_msg_role,
    attack_msg_user_certs_request,
    attack_msg_certs,
    attack_msg_remote_clusters_request,
    attack_msg_remote_clusters,
    attack_msg_networking,
    attack_msg_register_request,
    attack_msg_ca_request,
    attack_msg_ca_list_request,
    attack_msg_ca,
    attack_msg_ca_list,
    attack_msg_proxy_ssh_request,
    attack_msg_proxy_ssh_reply,
    attack_msg_cluster_details,
    attack_msg_join_request,
    attack_msg_join_response,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = {data, size};
    uint8_t choice = fuzz_take_byte(&rest);
    attacks[choice % (sizeof(attacks) / sizeof(attacks[0]))](rest);
    return 0;
}
