/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/status_map.h"

#include <string.h>

/* Texts of servers are for people and have no limit. */
#define TEXT_MAX 1024

static const struct {
    const char *name;
    enum err_code code;
} grpc_table[] = {
    [0] = {"OK", ERR_BUG},
    [1] = {"CANCELLED", ERR_UNAVAILABLE}, /* by the server: our own is seen before */
    [2] = {"UNKNOWN", ERR_REJECTED},
    [3] = {"INVALID_ARGUMENT", ERR_REJECTED},
    [4] = {"DEADLINE_EXCEEDED", ERR_TIMEOUT},
    [5] = {"NOT_FOUND", ERR_NOT_FOUND},
    [6] = {"ALREADY_EXISTS", ERR_REJECTED},
    [7] = {"PERMISSION_DENIED", ERR_DENIED},
    [8] = {"RESOURCE_EXHAUSTED", ERR_BUSY},
    [9] = {"FAILED_PRECONDITION", ERR_BUSY}, /* a lost race, "try the request again" */
    [10] = {"ABORTED", ERR_BUSY},
    [11] = {"OUT_OF_RANGE", ERR_REJECTED},
    [12] = {"UNIMPLEMENTED", ERR_UNIMPLEMENTED},
    [13] = {"INTERNAL", ERR_PROTOCOL},
    [14] = {"UNAVAILABLE", ERR_UNAVAILABLE},
    [15] = {"DATA_LOSS", ERR_PROTOCOL},
    [16] = {"UNAUTHENTICATED", ERR_DENIED},
};
#define N_GRPC ((int)(sizeof(grpc_table) / sizeof(grpc_table[0])))

static const struct {
    unsigned status;
    enum err_code code;
} http_table[] = {
    {400, ERR_REJECTED},      {401, ERR_DENIED},        {403, ERR_DENIED},
    {404, ERR_NOT_FOUND},     {405, ERR_UNIMPLEMENTED}, {408, ERR_TIMEOUT},
    {409, ERR_REJECTED},      {412, ERR_BUSY},          {429, ERR_BUSY},
    {501, ERR_UNIMPLEMENTED}, {502, ERR_UNAVAILABLE},   {503, ERR_UNAVAILABLE},
    {504, ERR_TIMEOUT},
};

static enum err_code http_code(unsigned status)
{
    for (size_t i = 0; i < sizeof(http_table) / sizeof(http_table[0]); i++)
        if (http_table[i].status == status)
            return http_table[i].code;
    if (status >= 500)
        return ERR_UNAVAILABLE;
    return status >= 400 ? ERR_REJECTED : ERR_PROTOCOL;
}

static enum err_code refine(enum err_code code, const char *text)
{
    bool is_lock = strstr(text, "is in force") || strstr(text, "generation mismatch");
    return code == ERR_DENIED && is_lock ? ERR_LOCKED : code;
}

static struct err *with_hint(struct err *e)
{
    switch (err_code(e)) {
    case ERR_LOCKED:
        return err_set_hint(e,
                            "Look for the reason with 'tctl get locks'; when the lock is removed, "
                            "give the bot a new join token.");
    case ERR_BUSY:
        return err_set_hint(e, "The cluster asks us to wait; this is tried again by itself.");
    default:
        return e;
    }
}

static struct err *make(enum err_code code, const char *what, const char *text)
{
    if (!*text)
        return with_hint(err_new(code, "%s", what));
    return with_hint(err_new(code, "%s: %.*s", what, TEXT_MAX, text));
}

const char *status_map_grpc_name(int status)
{
    return status >= 0 && status < N_GRPC ? grpc_table[status].name : "a status gRPC does not know";
}

RESULT status_map_grpc(int status, const char *text)
{
    enum err_code code = status >= 0 && status < N_GRPC ? grpc_table[status].code : ERR_PROTOCOL;
    return make(refine(code, text), status_map_grpc_name(status), text);
}

RESULT status_map_http(unsigned status, const char *text)
{
    enum err_code code = refine(http_code(status), text);
    if (*text)
        return with_hint(err_new(code, "HTTP status %u: %.*s", status, TEXT_MAX, text));
    return with_hint(err_new(code, "HTTP status %u", status));
}
