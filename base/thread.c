/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include <sys/prctl.h>

#define STACK_SIZE ((size_t)256 << 10)

RESULT thread_start(void *(*run)(void *arg), void *arg, pthread_t *ret)
{
    sigset_t ours, before;
    pthread_attr_t attr;
    int rc = pthread_attr_init(&attr);
    if (rc)
        return err_sys(ERR_UNAVAILABLE, rc, "start a thread");
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    sigfillset(&ours);
    sigdelset(&ours, THREAD_SIGNAL_SAMPLE);
    sigdelset(&ours, THREAD_SIGNAL_STACK);
    pthread_sigmask(SIG_SETMASK, &ours, &before); /* the new thread inherits it */
    rc = pthread_create(ret, &attr, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return rc ? err_sys(ERR_UNAVAILABLE, rc, "start a thread") : NULL;
}

void thread_name(const char *name)
{
    prctl(PR_SET_NAME, name); /* pthread_setname_np() refuses what it would have to cut */
}
