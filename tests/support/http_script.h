/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBOT_TESTS_SUPPORT_HTTP_SCRIPT_H
#define TBOT_TESTS_SUPPORT_HTTP_SCRIPT_H

/* An HTTP peer that plays a part: sends what it was told to, keeps what it was sent. */

#include "transport/http.h"

struct http_script {
    struct bytes reply;
    size_t step;           /* bytes a read gives at most; 0: what there is */
    const char *forever;   /* sent again and again behind the reply; NULL: nothing */
    enum err_code ends;    /* how the stream ends: ERR_OK is the orderly end */
    enum err_code refuses; /* what a write fails with; ERR_OK: it does not */
    struct buf sent;
    size_t at;       /* private */
    size_t received; /* bytes given away so far */
};

#define HTTP_SCRIPT_INIT(text)                                                                     \
    ((struct http_script){.reply = bytes_of_str(text), .sent = BUF_INIT((size_t)1 << 20)})

void http_script_release(struct http_script *s);

/* Borrows `s`. */
struct http_stream http_script_stream(struct http_script *s);

#endif
