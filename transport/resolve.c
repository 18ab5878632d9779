/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/resolve.h"

#include "base/thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>

/* Belongs to who asks and to the thread that does: the last of the two frees it. */
struct question {
    atomic_uint refs;
    struct address address;
    int answered; /* an eventfd: readable when what follows is there */
    int code;
    struct addrinfo *list;
};

static void question_free(struct question *q)
{
    if (!q || atomic_fetch_sub(&q->refs, 1) != 1)
        return;
    if (q->list)
        freeaddrinfo(q->list);
    closep(&q->answered);
    free(q);
}
DEFINE_FREEP(question)

static int look_up(const struct address *a, struct addrinfo **ret)
{
    char port[sizeof("65535")];
    snprintf(port, sizeof(port), "%u", (unsigned)a->port);
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICSERV | (address_is_ip(a) ? AI_NUMERICHOST : 0),
    };
    return getaddrinfo(a->host, port, &hints, ret);
}

static void *answer(void *arg)
{
    static const uint64_t one = 1;
    struct question *q = arg;
    thread_name("resolver");
    q->code = look_up(&q->address, &q->list);
    (void)!write(q->answered, &one, sizeof(one)); /* fails only for a counter that is full */
    question_free(q);
    return NULL;
}

/*
 * Also a name that nobody knows may be known in a moment: a name server that starts, or has lost its zone, says
 * so too. It says nothing about what the cluster thinks of us.
 */
static RESULT resolve_error(const struct address *a, int code)
{
    if (code == EAI_MEMORY)
        return err_nomem();
    bool is_unknown = code == EAI_NONAME || code == EAI_NODATA;
    struct err *e = err_new(ERR_UNAVAILABLE, "resolve '%s': %s", a->host,
                            code == EAI_SYSTEM ? "system error" : gai_strerror(code));
    return err_set_hint(e, "%s",
                        is_unknown ? "Check the host name in the address."
                                   : "Check the name servers of this machine.");
}

static RESULT judge(const struct address *a, int code, struct addrinfo **list,
                    struct addrinfo **ret)
{
    if (code != 0)
        return resolve_error(a, code);
    if (!*list)
        return err_new(ERR_UNAVAILABLE, "resolve '%s': no address", a->host);
    *ret = TAKE(*list);
    return NULL;
}

static RESULT question_new(const struct address *a, struct question **ret)
{
    struct question *q = calloc(1, sizeof(*q));
    if (!q)
        return err_nomem();
    atomic_init(&q->refs, 1);
    q->address = *a;
    q->answered = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (q->answered < 0) {
        int errnum = errno;
        question_free(q);
        return err_sys(ERR_UNAVAILABLE, errnum, "resolve '%s': eventfd", a->host);
    }
    *ret = q;
    return NULL;
}

static RESULT start(struct question *q)
{
    pthread_t thread;
    atomic_fetch_add(&q->refs, 1);
    int errnum = pthread_create(&thread, NULL, answer, q);
    if (errnum != 0) {
        question_free(q);
        return err_sys(ERR_UNAVAILABLE, errnum, "resolve '%s': thread", q->address.host);
    }
    pthread_detach(thread);
    return NULL;
}

static RESULT ask(const struct address *a, const struct ctx *ctx, struct addrinfo **ret)
{
    CLEANUP(question_freep) struct question *q = NULL;
    TRY(question_new(a, &q));
    TRY(start(q));
    struct err *e = ctx_wait_fd(ctx, q->answered, POLLIN);
    if (err_code(e) == ERR_TIMEOUT)
        return err_set_hint(err_wrap(e, "resolve '%s'", a->host),
                            "The name servers of this machine do not answer.");
    TRY(e);
    uint64_t count;
    (void)!read(q->answered, &count, sizeof(count)); /* from here on the answer is ours */
    return judge(a, q->code, &q->list, ret);
}

RESULT resolve(const struct address *a, const struct ctx *ctx, struct addrinfo **ret)
{
    TRY(ctx_check(ctx));
    if (!address_is_ip(a))
        return ask(a, ctx, ret);
    struct addrinfo *list = NULL; /* nobody is asked for a number */
    int code = look_up(a, &list);
    return judge(a, code, &list, ret);
}
