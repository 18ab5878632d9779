/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tls.h"
#include "transport/http.h"

static RESULT read_tls(void *arg, void *out, size_t len, const struct ctx *ctx, size_t *ret_n)
{
    return tls_read(arg, out, len, ctx, ret_n);
}

static RESULT write_tls(void *arg, const void *data, size_t len, const struct ctx *ctx)
{
    return tls_write_all(arg, data, len, ctx);
}

struct http_stream http_tls_stream(struct tls *t)
{
    return (struct http_stream){.read = read_tls, .write = write_tls, .arg = t};
}
