/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/identities.h"

#include "tests/fault/walk.h"
#include "tests/support/assert_err.h"

/* Of the key's second line, which is already the key itself. */
#define SECRET_LEN 40

static struct credentials *identities[IDENTITIES_MAX];
static char secret_parts[IDENTITIES_MAX][SECRET_LEN + 1];

struct credentials *identity(int64_t generation)
{
    return identities[generation - 1];
}

static void keep_secret(const struct key *key, char part[SECRET_LEN + 1])
{
    CLEANUP(secret_freep) struct secret *pem = NULL;
    assert_ok(key_to_pem(key, &pem));
    const char *line = strchr(secret_str(pem), '\n');
    assert_non_null(line);
    memcpy(part, line + 1, SECRET_LEN);
    walk_keep_secret(part);
}

static void free_identities(void)
{
    for (size_t i = 0; i < IDENTITIES_MAX; i++)
        credentials_free(identities[i]);
}

void identities_make(void)
{
    for (int i = 0; i < IDENTITIES_MAX; i++) {
        const struct fixture f = {.generation = i + 1, .not_before = FIXTURE_NOT_BEFORE + 60L * i};
        identities[i] = fixture_credentials(&f);
        keep_secret(credentials_key(identities[i]), secret_parts[i]);
    }
    assert_int_equal(atexit(free_identities), 0);
}
