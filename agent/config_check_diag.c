/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config_check.h"
#include "diag/address.h"

#include <stdio.h>
#include <string.h>

static RESULT check_address(struct config_report *report, struct config_at at, const char *key,
                            const char *text)
{
    struct diag_address address;
    struct err *e = diag_address_parse(text, &address);
    if (!e)
        return NULL;
    CLEANUP(freep) char *why = err_text(e);
    err_free(e);
    return config_report_error(report, at, "key '%s': %.300s", key, why ? why : "no address");
}

static RESULT check_socket(struct config_report *report, struct config_at at, const char *path)
{
    CLEANUP(freep) char *uri = NULL;
    if (!path || !*path || strcmp(path, CONFIG_DIAG_SOCKET_OFF) == 0)
        return NULL;
    if (path[0] != '/')
        return config_report_error(
            report, at, "key 'diag_socket': '%.200s' must be an absolute path, or off", path);
    if (asprintf(&uri, "unix:%s", path) < 0) {
        uri = NULL; /* undefined after a failure */
        return err_nomem();
    }
    return check_address(report, at, "diag_socket", uri);
}

struct err *config_check_diag(const struct config *c, struct config_report *report)
{
    if (c->diag_addr && *c->diag_addr)
        TRY(check_address(report, c->at_diag_addr, "diag_addr", c->diag_addr));
    return check_socket(report, c->at_diag_socket, c->diag_socket);
}
