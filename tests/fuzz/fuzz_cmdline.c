/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks what people type: dur_parse(), address_parse(), config_uri_destination(),
 * config_join_uri_apply(), pin_parse(), and start_options_parse() with the words of the input, one
 * on each line; and the two short texts servers send, version_major() and http_date_parse(). The
 * first byte chooses.
 */
#include "agent/config_join_uri.h"
#include "agent/config_uri.h"
#include "cmd/start_options.h"
#include "identity/pki/pin.h"
#include "tests/fuzz/fuzz.h"
#include "transport/address.h"
#include "transport/http_date.h"
#include "transport/version.h"

#include <string.h>

#define WORDS_MAX 32

/* The program's own is beside its main(); none is run here. */
const struct command command_table[] = {{0}};

static void attack_duration(const char *text)
{
    struct dur d = {0};
    char out[DUR_SIZE];
    if (fuzz_is_accepted(dur_parse(text, &d)))
        fuzz_check(*dur_format(d, out) != '\0', "a duration has a text");
}

static void attack_address(const char *text)
{
    struct address first, second;
    char a[ADDRESS_TEXT_SIZE], b[ADDRESS_TEXT_SIZE];
    if (!fuzz_is_accepted(address_parse(text, 3080, &first)))
        return;
    fuzz_must(address_parse(address_format(&first, a), 1, &second));
    fuzz_check(strcmp(a, address_format(&second, b)) == 0, "an address is read as it is written");
    (void)address_is_loopback(&first);
}

static void attack_destination(const char *text)
{
    CLEANUP(config_destination_release) struct config_destination destination = {0};
    if (fuzz_is_accepted(config_uri_destination(text, &destination)))
        fuzz_check(destination.type != CONFIG_DESTINATION_NONE, "a destination has a type");
}

static void attack_join_uri(const char *text)
{
    CLEANUP(config_freep) struct config *config = NULL;
    fuzz_must(config_new(&config));
    if (fuzz_is_accepted(config_join_uri_apply(text, config)))
        fuzz_is_accepted(config_validate(config));
}

static void attack_pin(const char *text)
{
    struct pin first, second;
    char out[PIN_TEXT_SIZE];
    if (!fuzz_is_accepted(pin_parse(text, &first)))
        return;
    fuzz_must(pin_parse(pin_format(&first, out), &second));
    fuzz_check(memcmp(&first, &second, sizeof(first)) == 0, "a pin is read as it is written");
}

static void attack_version(const char *text)
{
    unsigned major = 0;
    fuzz_is_accepted(version_major(text, &major));
    (void)version_is_sendable(text);
    (void)http_date_parse(text);
}

static void attack_options(const char *text)
{
    CLEANUP(start_options_release) struct start_options options = {0};
    CLEANUP(strlist_release) struct strlist words = {0};
    struct globals globals = {0};
    char *argv[WORDS_MAX + 1] = {0};
    fuzz_must(strlist_split(&words, text, '\n'));
    int argc = (int)(words.len < WORDS_MAX ? words.len : WORDS_MAX);
    for (int i = 0; i < argc; i++)
        argv[i] = words.items[i];
    fuzz_is_accepted(start_options_parse(&options, START_CONFIGURE, &globals, argc, argv));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const attacks[])(const char *text) = {
        attack_duration, attack_address, attack_destination, attack_join_uri,
        attack_pin,      attack_version, attack_options,
    };
    struct bytes rest = {data, size};
    uint8_t choice = fuzz_take_byte(&rest);
    CLEANUP(freep) char *text = fuzz_text(rest.data, rest.len);
    attacks[choice % (sizeof(attacks) / sizeof(attacks[0]))](text);
    return 0;
}
