/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tls_internal.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

/* What the caller does next about each alert (RFC 8446 6.2); those not listed are ERR_PROTOCOL. */
static const struct alert {
    uint8_t number;
    bool about_our_cert;
    enum err_code code;
    const char *hint;
} alerts[] = {
    {SSL_AD_BAD_CERTIFICATE, true, ERR_DENIED,
     "The server's log tells why; one reason is a server whose clock is behind ours."},
    {SSL_AD_UNSUPPORTED_CERTIFICATE, true, ERR_DENIED, NULL},
    {SSL_AD_CERTIFICATE_REVOKED, true, ERR_DENIED, NULL},
    {SSL_AD_CERTIFICATE_EXPIRED, true, ERR_EXPIRED, NULL},
    {SSL_AD_CERTIFICATE_UNKNOWN, true, ERR_DENIED, NULL},
    {SSL_AD_UNKNOWN_CA, true, ERR_DENIED,
     "The other side does not know the CA of our certificate: it may be another cluster, or its "
     "CA was rotated meanwhile."},
    {SSL_AD_ACCESS_DENIED, true, ERR_DENIED, NULL},
    {SSL_AD_CERTIFICATE_REQUIRED, true, ERR_DENIED, NULL},
    {SSL_AD_NO_APPLICATION_PROTOCOL, false, ERR_PROTOCOL,
     "The server has none of the protocols (ALPN) we need: check the address and the port."},
    {SSL_AD_UNRECOGNIZED_NAME, false, ERR_PROTOCOL,
     "The server does not know the name (SNI) it was asked for: check the address."},
    {SSL_AD_INTERNAL_ERROR, false, ERR_UNAVAILABLE, NULL},
    {SSL_AD_USER_CANCELLED, false, ERR_UNAVAILABLE, NULL},
};

static const struct alert *alert_find(int number)
{
    static const struct alert other = {0, false, ERR_PROTOCOL, NULL};

    for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
        if (alerts[i].number == number)
            return &alerts[i];
    }
    return &other;
}

/*
 * The peer says that our certificate is past its end, or, as Go's TLS does, not valid yet. We know
 * our clock and the certificate: if they agree with each other, it is the clocks that do not.
 */
static struct err *expired_error(const struct tls *t, const char *told)
{
    char from[RFC3339_SIZE], until[RFC3339_SIZE], now[RFC3339_SIZE];
    const X509 *cert = SSL_get_certificate(t->ssl);
    time_t here = (time_t)wall_to_unix(t->now);
    bool is_past = X509_cmp_time(X509_get0_notAfter(cert), &here) < 0;
    struct err *e = err_new(ERR_EXPIRED,
                            "%s: it refuses our certificate; by the clock here it is "
                            "%s, and the certificate is valid from %s to %s",
                            told, wall_format(t->now, false, now),
                            tls_time_text(X509_get0_notBefore(cert), from),
                            tls_time_text(X509_get0_notAfter(cert), until));

    if (is_past)
        return err_set_hint(e, "The certificate is past its end: give the bot a new token, so that "
                               "it can join again.");
    return err_set_hint(e, "The clocks of this machine and of the server differ: set the one that "
                           "is wrong.");
}

static struct err *alert_error(const struct tls *t, int number)
{
    const struct alert *a = alert_find(number);
    const char *name = SSL_alert_desc_string_long(number);
    const char *meaning = "";
    char told[96];
    struct err *e;

    snprintf(told, sizeof(told), "the peer sent the TLS alert '%s' (%d)", name, number);
    if (a->code == ERR_EXPIRED && t->has_cert && !SSL_is_server(t->ssl))
        return expired_error(t, told);

    if (a->about_our_cert)
        meaning = t->has_cert ? ": it refuses our certificate" : ": it wants a client certificate";
    e = err_new(a->code, "%s%s", told, meaning);
    return a->hint ? err_set_hint(e, "%s", a->hint) : e;
}

static struct err *not_tls_error(const char *reason)
{
    return err_set_hint(err_new(ERR_PROTOCOL, "the peer does not speak TLS: %s", reason),
                        "Check the address and the port; something other than TLS answers there.");
}

static struct err *ssl_error(const struct tls *t, unsigned long code)
{
    int reason = ERR_GET_REASON(code);
    const char *text = ERR_reason_error_string(code);

    text = text ? text : "unknown";
    /* A signature that does not fit leaves an error of the crypto library in front. */
    if (t->refused && SSL_in_init(t->ssl))
        return tls_verify_error(t);
    if (ERR_GET_LIB(code) != ERR_LIB_SSL)
        return err_new(ERR_PROTOCOL, "TLS failed: %s", text);
    if (reason > SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + 255)
        return alert_error(t, reason - SSL_AD_REASON_OFFSET);
    switch (reason) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
        return err_new(ERR_UNTRUSTED, "the peer's certificate cannot be verified");
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return err_new(ERR_UNAVAILABLE, "the peer closed the connection");
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_ENCRYPTED_LENGTH_TOO_LONG:
    case SSL_R_RECORD_LENGTH_MISMATCH:
        return SSL_in_init(t->ssl) ? not_tls_error(text)
                                   : err_new(ERR_PROTOCOL, "broken TLS data: %s", text);
    default:
        return err_new(ERR_PROTOCOL, "TLS failed: %s", text);
    }
}

static struct err *failure(const struct tls *t, int saved_errno)
{
    unsigned long code = ERR_peek_error();
    struct err *e;

    if (code && !ERR_SYSTEM_ERROR(code))
        e = ssl_error(t, code);
    else if (saved_errno)
        e = err_sys(ERR_UNAVAILABLE, saved_errno, "the connection broke");
    else
        e = err_new(ERR_UNAVAILABLE, "the peer closed the connection");
    ERR_clear_error();
    return e;
}

enum tls_status tls_judge(struct tls *t, int rc, int saved_errno, struct err **ret_err)
{
    if (rc > 0)
        return TLS_DONE;
    switch (SSL_get_error(t->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
        return TLS_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return TLS_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_CLOSED;
    default:
        *ret_err = failure(t, saved_errno);
        return TLS_FAILED;
    }
}
