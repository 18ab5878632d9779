/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks the JSON a proxy sends: webapi_json_find(), webapi_json_certs(),
 * webapi_json_remote_clusters() and webapi_json_error(). Each input goes into all of them.
 */
#include "tests/fuzz/fuzz.h"
#include "transport/webapi_json.h"

#include <string.h>

static void check_find(const struct webapi_find *f)
{
    fuzz_check(f->cluster_name[0] != '\0', "a cluster has a name");
    fuzz_check(memchr(f->public_addr, '\0', sizeof(f->public_addr)) != NULL, "a text has an end");
}

static void attack_leaves(struct bytes in)
{
    CLEANUP(strlist_release) struct strlist names = {0};
    fuzz_must(strlist_add(&names, "first"));
    if (!fuzz_is_accepted(webapi_json_remote_clusters(in, &names)))
        fuzz_check(names.len == 1, "a list that is refused adds nothing");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = {data, size};
    struct webapi_find find;
    CLEANUP(msg_certs_release) struct msg_certs certs = {0};
    char message[WEBAPI_JSON_ERROR_SIZE];
    if (fuzz_is_accepted(webapi_json_find(in, &find)))
        check_find(&find);
    if (fuzz_is_accepted(webapi_json_certs(in, &certs)))
        fuzz_check(certs.tls && certs.ssh, "a text is never NULL");
    attack_leaves(in);
    for (const char *c = webapi_json_error(in, message); *c; c++)
        fuzz_check(*c >= ' ' && *c <= '~', "a message of a server is printable");
    return 0;
}
