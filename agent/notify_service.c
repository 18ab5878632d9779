/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/notify_service.h"

#define COMPONENT "agent"

struct notify_service {
    struct notify_service_config c;
    struct notify notify;
    struct loop_timer timer;
    bool is_unheard; /* the last datagram was not taken */
};

static void on_timer(void *arg)
{
    notify_service_look(arg);
}

RESULT notify_service_new(const struct notify_service_config *config, struct notify_service **ret)
{
    struct notify_service *s = calloc(1, sizeof(*s));
    if (!s)
        return err_nomem();
    s->c = *config;
    s->timer = (struct loop_timer){.fn = on_timer, .arg = s};
    struct notify_config n = {.one_pass = config->one_pass,
                              .limit = config->limit,
                              .watchdog = config->manager->watchdog};
    notify_init(&s->notify, &n, loop_now(config->loop).mono);
    *ret = s;
    return NULL;
}

void notify_service_free(struct notify_service *s)
{
    if (!s)
        return;
    loop_timer_clear(s->c.loop, &s->timer);
    free(s);
}

/* Told once, and again after a datagram that was taken. */
static void note_unheard(struct notify_service *s, const struct err *e)
{
    log_err(s->c.log, s->is_unheard ? LOG_DEBUG : LOG_WARN, COMPONENT,
            "the service manager does not take what it is told", e);
    s->is_unheard = true;
}

static void say(struct notify_service *s, unsigned what, const struct notify_view *view)
{
    char text[NOTIFY_TEXT_SIZE];
    struct mono now = loop_now(s->c.loop).mono;
    struct err *e = notify_socket_send(s->c.manager,
                                       notify_text(what, view->status, notify_socket_time(), text));
    if (e) {
        note_unheard(s, e);
        notify_unsaid(&s->notify, now);
    } else {
        s->is_unheard = false;
        notify_said(&s->notify, what, view, now);
    }
    err_free(e);
}

void notify_service_look(struct notify_service *s)
{
    if (s->c.manager->fd < 0)
        return;
    struct notify_view view = {0};
    s->c.view(s->c.arg, &view);
    struct mono now = loop_now(s->c.loop).mono;
    struct notify_todo todo;
    while ((todo = notify_look(&s->notify, &view, now)).say)
        say(s, todo.say, &view);
    struct err *e = loop_timer_set(s->c.loop, &s->timer, todo.wake);
    if (e)
        log_err(s->c.log, LOG_ERROR, COMPONENT, "the service manager is told nothing any more", e);
    err_free(e);
}
