/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libmicrohttpd asks of GnuTLS, in a program that has no GnuTLS.
 *
 * A distribution builds libmicrohttpd with it. We never ask it for TLS (base/tls.h terminates what is
 * encrypted and hands it the plain side), so that of all these functions it only calls the one that
 * begins and the one that ends the library. A static program would get GnuTLS whole for that, with five
 * more libraries, of which two have no archive at all. The linker wants the names; none but those two does
 * anything: a call that nothing can lead to ends the program, before anybody takes it for encryption.
 */
#include <stdio.h>
#include <stdlib.h>

int gnutls_global_init(void);
void gnutls_global_deinit(void);
extern void *(*gnutls_malloc)(size_t size);

int gnutls_global_init(void)
{
    return 0; /* GNUTLS_E_SUCCESS */
}

void gnutls_global_deinit(void)
{
}

void *(*gnutls_malloc)(size_t size) = malloc;

static _Noreturn void absent(const char *function)
{
    fprintf(stderr, "tbot: %s() was called in a program without GnuTLS\n", function);
    abort();
}

#define ABSENT(function)                                                                           \
    void function(void);                                                                           \
    void function(void)                                                                            \
    {                                                                                              \
        absent(#function);                                                                         \
    }

ABSENT(gnutls_alpn_set_protocols)
ABSENT(gnutls_bye)
ABSENT(gnutls_certificate_allocate_credentials)
ABSENT(gnutls_certificate_free_credentials)
ABSENT(gnutls_certificate_server_set_request)
ABSENT(gnutls_certificate_set_dh_params)
ABSENT(gnutls_certificate_set_retrieve_function2)
ABSENT(gnutls_certificate_set_retrieve_function3)
ABSENT(gnutls_certificate_set_x509_key_mem)
ABSENT(gnutls_certificate_set_x509_key_mem2)
ABSENT(gnutls_certificate_set_x509_trust_mem)
ABSENT(gnutls_cipher_get)
ABSENT(gnutls_credentials_set)
ABSENT(gnutls_deinit)
ABSENT(gnutls_dh_params_deinit)
ABSENT(gnutls_dh_params_import_pkcs3)
ABSENT(gnutls_dh_params_init)
ABSENT(gnutls_handshake)
ABSENT(gnutls_init)
ABSENT(gnutls_priority_deinit)
ABSENT(gnutls_priority_init)
ABSENT(gnutls_priority_set)
ABSENT(gnutls_protocol_get_version)
ABSENT(gnutls_psk_allocate_server_credentials)
ABSENT(gnutls_psk_free_server_credentials)
ABSENT(gnutls_psk_set_server_credentials_function)
ABSENT(gnutls_record_check_pending)
ABSENT(gnutls_record_get_direction)
ABSENT(gnutls_record_recv)
ABSENT(gnutls_record_send)
ABSENT(gnutls_session_get_ptr)
ABSENT(gnutls_session_set_ptr)
ABSENT(gnutls_strerror)
ABSENT(gnutls_transport_set_int2)
