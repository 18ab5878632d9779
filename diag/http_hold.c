/* SPDX-License-Identifier: Apache-2.0 */
#include "diag/http_internal.h"

#include "diag/keepalive.h"

#include <microhttpd.h>
#include <sys/epoll.h>

static void on_gone(void *arg, uint32_t events)
{
    (void)events;
    struct exchange *x = arg;
    diag_http_end(x->http, x->at);
}

/*
 * The library takes the socket out of its own set. Ours is told only of the other side's end: what a
 * client sends while it waits stays in the kernel, and wakes nobody.
 */
RESULT diag_http_hold(struct exchange *x)
{
    struct diag_http *h = x->http;
    x->gone = (struct loop_io){.fd = x->at->fd, .fn = on_gone, .arg = x};
    TRY(loop_io_add(h->c.loop, &x->gone, EPOLLRDHUP));
    diag_keepalive(x->at->fd);
    x->is_held = true;
    x->next = h->first;
    x->link = &h->first;
    if (x->next)
        x->next->link = &x->next;
    h->first = x;
    MHD_suspend_connection(x->conn);
    return NULL;
}

void diag_http_hold_end(struct exchange *x)
{
    x->is_held = false;
    *x->link = x->next;
    if (x->next)
        x->next->link = x->link;
    loop_io_remove(x->http->c.loop, &x->gone);
    MHD_resume_connection(x->conn);
}

void diag_http_hold_cancel(struct diag_http *h, const struct place *at)
{
    for (struct exchange *x = h->first; x; x = x->next) {
        if (x->at != at)
            continue;
        x->is_over = true;
        diag_http_hold_end(x);
        return;
    }
}
