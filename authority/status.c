/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/status.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int http;
} codes[] = {
    {"OK", 200},
    {"CANCELLED", 499},
    {"UNKNOWN", 500},
    {"INVALID_ARGUMENT", 400},
    {"DEADLINE_EXCEEDED", 504},
    {"NOT_FOUND", 404},
    {"ALREADY_EXISTS", 409},
    {"PERMISSION_DENIED", 403},
    {"RESOURCE_EXHAUSTED", 429},
    {"FAILED_PRECONDITION", 412},
    {"ABORTED", 409},
    {"OUT_OF_RANGE", 400},
    {"UNIMPLEMENTED", 501},
    {"INTERNAL", 500},
    {"UNAVAILABLE", 503},
    {"DATA_LOSS", 500},
    {"UNAUTHENTICATED", 401},
};

#define N_CODES ((int)(sizeof(codes) / sizeof(*codes)))

int status_of_err(enum err_code code)
{
    switch (code) {
    case ERR_OK:
        return STATUS_OK;
    case ERR_DENIED:
    case ERR_LOCKED:
        return STATUS_PERMISSION_DENIED;
    case ERR_REJECTED:
    case ERR_PROTOCOL:
        return 3; /* INVALID_ARGUMENT */
    case ERR_NOT_FOUND:
        return 5;
    case ERR_UNIMPLEMENTED:
        return STATUS_UNIMPLEMENTED;
    case ERR_CANCELLED:
        return 1;
    case ERR_BUSY:
        return 9; /* FAILED_PRECONDITION */
    case ERR_UNAVAILABLE:
        return 14;
    default:
        /* Teleport gives whatever it has no kind for as this, an unusable key among it. */
        return STATUS_UNKNOWN;
    }
}

int status_http_of_grpc(int code)
{
    return code >= 0 && code < N_CODES ? codes[code].http : 500;
}

int status_http_of_err(enum err_code code)
{
    return status_http_of_grpc(status_of_err(code));
}

bool status_parse(const char *text, int *ret)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);
    if (end != text && !*end && number >= 0 && number < N_CODES) {
        *ret = (int)number;
        return true;
    }
    for (int i = 0; i < N_CODES; i++) {
        if (strcmp(text, codes[i].name) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}
