/* SPDX-License-Identifier: MIT */
#ifndef TARE_ASYNC_EVENT_H
#define TARE_ASYNC_EVENT_H

/*
 * &tare_event, the executor for libevent 2. start() gets a struct event_base *.
 * The work is over when no event is pending, or by tare_async_done(),
 * event_base_loopbreak() or event_base_loopexit(). Events that are left then
 * are taken off the base.
 *
 * The application need not have called evthread_use_pthreads(). Link with
 * libevent, too: pkg-config libevent, or libevent_core.
 */

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/eventfd.h>
#include <tare/async.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tare_event_ {
    struct event_base *base;
    struct event deadline, wake;
    int wake_descriptor;
    bool late, stopped;
};

static inline void tare_event_stop_(void *state)
{
    struct tare_event_ *event = (struct tare_event_ *)state;
    event->stopped = true;
    event_base_loopbreak(event->base);
}

static inline void tare_event_wake_(void *state)
{
    (void)eventfd_write(((struct tare_event_ *)state)->wake_descriptor, 1);
}

/* Something is left to wait for besides the two events of our own. */
static inline bool tare_event_alive_(const struct tare_event_ *event)
{
    const unsigned all = EVENT_BASE_COUNT_ACTIVE | EVENT_BASE_COUNT_VIRTUAL | EVENT_BASE_COUNT_ADDED;
    return event_base_get_num_events(event->base, all) > 2;
}

static inline bool tare_event_run_(void *state)
{
    struct tare_event_ *event = (struct tare_event_ *)state;
    while (!event->stopped && tare_event_alive_(event)) {
        event_base_loop(event->base, EVLOOP_ONCE);
        if (event_base_got_break(event->base) || event_base_got_exit(event->base))
            break;
    }
    return !event->late;
}

static inline void tare_event_unmake_(void *state)
{
    struct tare_event_ *event = (struct tare_event_ *)state;
    event_del(&event->deadline);
    event_del(&event->wake);
    event_base_free(event->base);
    close(event->wake_descriptor);
}

static inline void tare_event_on_wake_(evutil_socket_t descriptor, short what, void *state)
{
    eventfd_t value;
    (void)what;
    (void)eventfd_read(descriptor, &value);
    tare_event_stop_(state);
}

static inline void tare_event_on_deadline_(evutil_socket_t descriptor, short what, void *state)
{
    (void)descriptor, (void)what;
    ((struct tare_event_ *)state)->late = true;
    tare_event_stop_(state);
}

/* Makes room for timers, and calls back once by each of the two: one after the
 * other, because the first to stop the loop would leave the other pending. */
static inline void tare_event_warm_up_(struct tare_event_ *event)
{
    const struct timeval now = {0, 0};
    event_add(&event->deadline, &now);
    event_base_loop(event->base, EVLOOP_ONCE);
    tare_event_wake_(event);
    event_base_loop(event->base, EVLOOP_ONCE);
    event->late = event->stopped = false;
}

static inline void *tare_event_make_(void *state, unsigned timeout_ms)
{
    struct tare_event_ *event = (struct tare_event_ *)state;
    const struct timeval deadline = {(time_t)(timeout_ms / 1000), (suseconds_t)(timeout_ms % 1000) * 1000};
    event->wake_descriptor = tare_executor_descriptor();
    if (event->wake_descriptor < 0)
        return NULL;
    event->base = event_base_new();
    if (event->base == NULL) {
        close(event->wake_descriptor);
        return NULL;
    }
    event_assign(&event->deadline, event->base, -1, 0, tare_event_on_deadline_, state);
    event_assign(&event->wake, event->base, event->wake_descriptor, EV_READ | EV_PERSIST, tare_event_on_wake_, state);
    event_add(&event->wake, NULL);
    tare_event_warm_up_(event);
    event_add(&event->deadline, &deadline);
    return event->base;
}

static const tare_executor tare_event __attribute__((unused)) = {
    "libevent",
    "Its work ends when no event is pending, or by tare_async_done().",
    sizeof(struct tare_event_),
    tare_event_make_,
    tare_event_run_,
    tare_event_stop_,
    tare_event_wake_,
    tare_event_unmake_,
};

#ifdef __cplusplus
}
#endif

#endif
