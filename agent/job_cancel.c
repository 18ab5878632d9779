/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/job_cancel.h"

/* The parent fires; on its thread. Nobody ends the token before the hook has returned. */
static void on_parent(void *arg)
{
    cancel_fire(((struct job_cancel *)arg)->token);
}

void job_cancel_init(struct job_cancel *c, struct cancel *parent)
{
    *c = (struct job_cancel){.parent = parent};
    c->hook = (struct cancel_hook){.fn = on_parent, .arg = c};
    pthread_mutex_init(&c->lock, NULL);
}

void job_cancel_release(struct job_cancel *c)
{
    pthread_mutex_destroy(&c->lock);
}

struct cancel *job_cancel_begin(struct job_cancel *c)
{
    struct cancel *token = NULL;
    err_ignore(cancel_new(&token), "the parent cancels it then");
    if (!token)
        return c->parent;
    pthread_mutex_lock(&c->lock);
    c->token = token;
    if (c->is_fired)
        cancel_fire(token);
    pthread_mutex_unlock(&c->lock);
    cancel_hook_add(c->parent, &c->hook);
    return token;
}

void job_cancel_end(struct job_cancel *c)
{
    if (!c->token)
        return;
    cancel_hook_remove(c->parent, &c->hook);
    pthread_mutex_lock(&c->lock);
    struct cancel *token = TAKE(c->token);
    pthread_mutex_unlock(&c->lock);
    cancel_free(token);
}

void job_cancel_fire(struct job_cancel *c)
{
    pthread_mutex_lock(&c->lock);
    c->is_fired = true;
    if (c->token)
        cancel_fire(c->token);
    pthread_mutex_unlock(&c->lock);
}
