/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks config_parse(), config_validate() and config_write(): the YAML configuration. What was
 * written from a configuration must read back and be written the same again.
 */
#include "agent/config.h"
#include "agent/config_write.h"
#include "tests/fuzz/fuzz.h"

static void check_round_trip(const struct config *config)
{
    CLEANUP(secret_freep) struct secret *first = NULL;
    CLEANUP(secret_freep) struct secret *second = NULL;
    CLEANUP(config_freep) struct config *again = NULL;
    if (!fuzz_is_accepted(config_write(config, &first)))
        return; /* larger than what is written */
    fuzz_must(config_parse("again", secret_bytes(first), &again));
    fuzz_must(config_write(again, &second));
    fuzz_same(secret_bytes(first), secret_bytes(second),
              "a configuration is written as it is read");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(config_freep) struct config *config = NULL;
    if (!fuzz_is_accepted(config_parse("input", (struct bytes){data, size}, &config)))
        return 0;
    check_round_trip(config);
    if (fuzz_is_accepted(config_validate(config)))
        check_round_trip(config);
    return 0;
}
