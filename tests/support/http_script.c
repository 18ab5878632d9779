/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/http_script.h"

#include <string.h>

void http_script_release(struct http_script *s)
{
    buf_release(&s->sent);
}

static RESULT script_read(void *arg, void *out, size_t len, const struct ctx *ctx, size_t *ret_n)
{
    struct http_script *s = arg;
    (void)ctx;
    if (s->at == s->reply.len && s->forever) {
        s->reply = bytes_of_str(s->forever);
        s->at = 0;
    }
    if (s->at == s->reply.len && s->ends != ERR_OK)
        return err_new(s->ends, "the script ends");
    size_t n = s->reply.len - s->at;
    if (n > len)
        n = len;
    if (s->step > 0 && n > s->step)
        n = s->step;
    if (n > 0)
        memcpy(out, s->reply.data + s->at, n);
    s->at += n;
    s->received += n;
    *ret_n = n;
    return NULL;
}

static RESULT script_write(void *arg, const void *data, size_t len, const struct ctx *ctx)
{
    struct http_script *s = arg;
    (void)ctx;
    if (s->refuses != ERR_OK)
        return err_new(s->refuses, "the script does not listen");
    return buf_add(&s->sent, data, len);
}

struct http_stream http_script_stream(struct http_script *s)
{
    return (struct http_stream){.read = script_read, .write = script_write, .arg = s};
}
