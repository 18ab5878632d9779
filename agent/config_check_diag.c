/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_check.h"
#include "base/text.h"
#include "diag/address.h"

#include <string.h>

static RESULT check_address(struct config_report *report, struct config_at at, const char *key,
                            const char *text)
{
    struct diag_address address;
    return config_report_refusal(report, at, key, diag_address_parse(text, &address));
}

static RESULT check_socket(struct config_report *report, struct config_at at, const char *path)
{
    CLEANUP(freep) char *uri = NULL;
    if (!text_given(path) || strcmp(path, CONFIG_DIAG_SOCKET_OFF) == 0)
        return NULL;
    if (path[0] != '/')
        return config_report_error(
            report, at, "key 'diag_socket': '%.200s' must be an absolute path, or off", path);
    TRY(text_format(&uri, "unix:%s", path));
    return check_address(report, at, "diag_socket", uri);
}

static RESULT check_path(struct config_report *report, struct config_at at, const char *key,
                         const char *path)
{
    if (!text_given(path) || path[0] == '/')
        return NULL;
    return config_report_error(report, at, "key '%s': '%.200s' must be an absolute path", key,
                               path);
}

static RESULT check_tls(const struct config *c, struct config_report *report)
{
    const struct config_diag_tls *tls = &c->diag.tls;
    TRY(check_path(report, c->at_diag, "cert", tls->cert));
    TRY(check_path(report, c->at_diag, "key", tls->key));
    TRY(check_path(report, c->at_diag, "client_ca", tls->client_ca));
    if (!text_given(tls->cert) != !text_given(tls->key))
        TRY(config_report_error(report, c->at_diag, "key 'tls': '%s' needs '%s' beside it",
                                text_given(tls->cert) ? "cert" : "key",
                                text_given(tls->cert) ? "key" : "cert"));
    if (text_given(tls->client_ca) && tls->allow.len == 0)
        TRY(config_report_error(
            report, c->at_diag,
            "key 'client_ca': needs 'allow' beside it, with the names of clients"));
    return NULL;
}

/* Who configured TLS is not to find out later that what he listens on has none. */
static RESULT check_tls_is_used(const struct config *c, struct config_report *report)
{
    const struct config_diag_tls *tls = &c->diag.tls;
    struct diag_address a;
    bool wants_tls = text_given(tls->cert) || text_given(tls->client_ca) || tls->allow.len > 0;
    if (!wants_tls || !text_given(c->diag_addr))
        return NULL;
    CLEANUP(err_freep) struct err *e = diag_address_parse(c->diag_addr, &a);
    if (e || a.scheme == DIAG_HTTPS || a.scheme == DIAG_UNIX)
        return NULL;
    return config_report_error(report, c->at_diag,
                               "key 'tls': needs an https:// address; '%.200s' has no TLS",
                               c->diag_addr);
}

struct err *config_check_diag(const struct config *c, struct config_report *report)
{
    if (text_given(c->diag_addr))
        TRY(check_address(report, c->at_diag_addr, "diag_addr", c->diag_addr));
    TRY(check_tls(c, report));
    TRY(check_tls_is_used(c, report));
    TRY(check_path(report, c->at_diag, "tokens", c->diag.tokens));
    return check_socket(report, c->at_diag_socket, c->diag_socket);
}
