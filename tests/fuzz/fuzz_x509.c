/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks x509_all_from_pem() and x509_from_der(), and with every certificate that parses
 * subject_read(), x509_validity(), x509_check_time(), x509_serial_hex(), x509_describe() and
 * pin_of(). The input is PEM; what does not begin like PEM is DER.
 */
#include "identity/pki/ossl.h"
#include "identity/pki/pin.h"
#include "identity/pki/subject.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void attack_cert(const X509 *cert)
{
    struct wall from, until;
    struct subject subject;
    struct pin pin;
    char line[X509_NAME_TEXT_SIZE], pin_text[PIN_TEXT_SIZE];
    CLEANUP(subject_release) struct subject_texts texts = {0};
    CLEANUP(freep) char *serial = NULL;
    CLEANUP(buf_release) struct buf pem = BUF_INIT(4 * X509_PEM_MAX);
    if (fuzz_is_accepted(x509_validity(cert, &from, &until)))
        fuzz_is_accepted(x509_check_time(cert, wall_of_unix(1700000000)));
    if (fuzz_is_accepted(subject_read(cert, &texts, &subject)))
        fuzz_check(*subject.username && *subject.cluster, "an identity has a name and a cluster");
    if (fuzz_is_accepted(pin_of(cert, &pin)))
        fuzz_must(pin_parse(pin_format(&pin, pin_text), &pin));
    fuzz_is_accepted(x509_serial_hex(cert, &serial));
    fuzz_check(strlen(x509_describe(cert, line)) < sizeof(line), "a description has an end");
    fuzz_is_accepted(x509_to_pem(cert, &pem));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(x509_stack_freep) STACK_OF(X509) *certs = sk_X509_new_null();
    CLEANUP(x509_freep) X509 *cert = NULL;
    struct bytes in = {data, size};
    bool is_der = size > 0 && data[0] == 0x30; /* SEQUENCE */
    if (is_der && fuzz_is_accepted(x509_from_der(in, &cert)))
        attack_cert(cert);
    if (!is_der && fuzz_is_accepted(x509_all_from_pem(in, certs)))
        for (int i = 0; i < sk_X509_num(certs); i++)
            attack_cert(sk_X509_value(certs, i));
    return 0;
}
