/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/pki/pin.h"

#include "identity/pki/ossl.h"

#include <stdio.h>
#include <string.h>

#define PREFIX "sha256:"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static RESULT pin_error(const char *text, const char *why)
{
    return err_set_hint(err_new(ERR_CONFIG, "CA pin '%s': %s", text, why),
                        "A CA pin is 'sha256:' and 64 hex digits, as 'tctl status' prints it.");
}

RESULT pin_parse(const char *text, struct pin *ret)
{
    if (strncmp(text, PREFIX, strlen(PREFIX)) != 0)
        return pin_error(text, "it does not begin with '" PREFIX "'");
    const char *hex = text + strlen(PREFIX);
    if (strlen(hex) != 2 * X509_SPKI_HASH_LEN)
        return pin_error(text, "it does not have 64 digits");
    struct pin pin;
    for (size_t i = 0; i < X509_SPKI_HASH_LEN; i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return pin_error(text, "it has something else than hex digits");
        pin.sha256[i] = (uint8_t)(high << 4 | low);
    }
    *ret = pin;
    return NULL;
}

char *pin_format(const struct pin *pin, char out[PIN_TEXT_SIZE])
{
    memcpy(out, PREFIX, sizeof(PREFIX));
    for (size_t i = 0; i < X509_SPKI_HASH_LEN; i++)
        snprintf(out + strlen(PREFIX) + 2 * i, 3, "%02x", pin->sha256[i]);
    return out;
}

RESULT pin_of(const X509 *cert, struct pin *ret)
{
    return x509_spki_sha256(cert, ret->sha256);
}

static bool is_pinned(const struct pin *pins, size_t n_pins, const struct pin *shown)
{
    for (size_t i = 0; i < n_pins; i++) {
        if (memcmp(pins[i].sha256, shown->sha256, sizeof(shown->sha256)) == 0)
            return true;
    }
    return false;
}

RESULT pin_match(const struct pin *pins, size_t n_pins, struct stack_st_X509 *certs)
{
    if (sk_X509_num(certs) == 0)
        return err_new(ERR_UNTRUSTED, "the cluster shows no CA to compare with the pins");
    for (int i = 0; i < sk_X509_num(certs); i++) {
        struct pin shown;
        char text[PIN_TEXT_SIZE];
        TRY(pin_of(sk_X509_value(certs, i), &shown));
        if (!is_pinned(pins, n_pins, &shown))
            return err_set_hint(
                err_new(ERR_UNTRUSTED, "the cluster's CA '%s' matches none of the %zu pins",
                        pin_format(&shown, text), n_pins),
                "Compare with 'tctl status' on the cluster: after a CA rotation, or during one, "
                "'ca_pins' must name every CA; if it is not there, somebody is in between.");
    }
    return NULL;
}
