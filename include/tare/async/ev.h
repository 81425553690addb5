/* SPDX-License-Identifier: MIT */
#ifndef TARE_ASYNC_EV_H
#define TARE_ASYNC_EV_H

/*
 * &tare_ev, the executor for libev. start() gets a struct ev_loop *. The work is
 * over when no watcher is active, or by tare_async_done(), or ev_break(). It is
 * not the default loop: there are no ev_child watchers on it.
 *
 * Link with libev, too: -lev. Its header and libevent's both claim EV_READ and
 * other names: a source file includes one or the other.
 */

#include <ev.h>
#include <tare/async.h>
#include <unistd.h>

#if !EV_MULTIPLICITY
#error "tare needs libev with EV_MULTIPLICITY"
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct tare_ev_ {
    struct ev_loop *loop;
    ev_timer deadline;
    ev_async wake;
    bool late;
};

static inline void tare_ev_stop_(void *state)
{
    ev_break(((struct tare_ev_ *)state)->loop, EVBREAK_ALL);
}

static inline void tare_ev_wake_(void *state)
{
    struct tare_ev_ *ev = (struct tare_ev_ *)state;
    ev_async_send(ev->loop, &ev->wake);
}

static inline bool tare_ev_run_(void *state)
{
    struct tare_ev_ *ev = (struct tare_ev_ *)state;
    ev_run(ev->loop, 0);
    return !ev->late;
}

static inline void tare_ev_unmake_(void *state)
{
    ev_loop_destroy(((struct tare_ev_ *)state)->loop);
}

static inline void tare_ev_on_wake_(struct ev_loop *loop, ev_async *wake, int events)
{
    (void)wake, (void)events;
    ev_break(loop, EVBREAK_ALL);
}

static inline void tare_ev_on_deadline_(struct ev_loop *loop, ev_timer *deadline, int events)
{
    (void)events;
    ((struct tare_ev_ *)deadline->data)->late = true;
    ev_break(loop, EVBREAK_ALL);
}

static inline void tare_ev_on_io_(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop, (void)io, (void)events;
}

/* Makes room for descriptors. */
static inline void tare_ev_widen_(struct tare_ev_ *ev)
{
    ev_io io;
    int high = tare_executor_descriptor();
    if (high < 0)
        return;
    ev_io_init(&io, tare_ev_on_io_, high, EV_READ);
    ev_io_start(ev->loop, &io);
    ev_io_stop(ev->loop, &io);
    close(high);
}

static inline void tare_ev_on_timer_(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    ++*(unsigned *)timer->data;
}

/* Makes room for some timers, due at once, and calls back by each. */
static inline void tare_ev_warm_up_(struct tare_ev_ *ev)
{
    enum { TIMERS = 16 };
    ev_timer timers[TIMERS];
    unsigned fired = 0;
    tare_ev_widen_(ev);
    for (unsigned i = 0; i < TIMERS; i++) {
        ev_timer_init(&timers[i], tare_ev_on_timer_, 0, 0);
        timers[i].data = &fired;
        ev_timer_start(ev->loop, &timers[i]);
    }
    while (fired < TIMERS)
        ev_run(ev->loop, EVRUN_ONCE);
    ev_async_send(ev->loop, &ev->wake);
    while (ev_async_pending(&ev->wake))
        ev_run(ev->loop, EVRUN_ONCE);
}

/* libev ends the program where it can't have the two descriptors it needs. */
static inline bool tare_ev_has_room_(void)
{
    int first = tare_executor_descriptor();
    int second = first >= 0 ? tare_executor_descriptor() : -1;
    if (second >= 0)
        close(second);
    if (first >= 0)
        close(first);
    return second >= 0;
}

static inline void *tare_ev_make_(void *state, unsigned timeout_ms)
{
    struct tare_ev_ *ev = (struct tare_ev_ *)state;
    ev->loop = tare_ev_has_room_() ? ev_loop_new(EVFLAG_AUTO) : NULL;
    if (ev->loop == NULL)
        return NULL;
    ev_async_init(&ev->wake, tare_ev_on_wake_);
    ev_async_start(ev->loop, &ev->wake);
    tare_ev_warm_up_(ev);
    ev_now_update(ev->loop);
    ev_timer_init(&ev->deadline, tare_ev_on_deadline_, timeout_ms / 1000., 0);
    ev->deadline.data = state;
    ev_timer_start(ev->loop, &ev->deadline);
    ev_unref(ev->loop);
    ev_unref(ev->loop);
    return ev->loop;
}

static const tare_executor tare_ev __attribute__((unused)) = {
    "libev",
    "Its work ends when no watcher is active, or by tare_async_done().",
    sizeof(struct tare_ev_),
    tare_ev_make_,
    tare_ev_run_,
    tare_ev_stop_,
    tare_ev_wake_,
    tare_ev_unmake_,
};

#ifdef __cplusplus
}
#endif

#endif
