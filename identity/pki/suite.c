/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/key.h"

#include <string.h>

static const char *const names[] = {
    [SUITE_LEGACY] = "legacy",
    [SUITE_BALANCED_V1] = "balanced-v1",
    [SUITE_FIPS_V1] = "fips-v1",
    [SUITE_HSM_V1] = "hsm-v1",
};

enum suite suite_parse(const char *text)
{
    for (int suite = SUITE_LEGACY; text && suite <= SUITE_HSM_V1; suite++) {
        if (strcmp(text, names[suite]) == 0)
            return (enum suite)suite;
    }
    return SUITE_LEGACY;
}

enum suite suite_of_number(int64_t number)
{
    return number >= SUITE_LEGACY && number <= SUITE_HSM_V1 ? (enum suite)number : SUITE_LEGACY;
}

const char *suite_name(enum suite suite)
{
    return names[suite];
}

enum key_kind suite_identity_key(enum suite suite)
{
    return suite == SUITE_LEGACY ? KEY_RSA_2048 : KEY_ECDSA_P256;
}
