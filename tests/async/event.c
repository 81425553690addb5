/* SPDX-License-Identifier: MIT */
/* tare_measure_async() on libevent. */
#include <tare/async/event.h>

#include <event2/bufferevent.h>
#include <stdlib.h>

#include "check.h"

struct timer {
    struct event event;
    void (*fired)(struct timer *timer);
    void *data;
};

static void on_timer(evutil_socket_t unused, short what, void *timer)
{
    (void)unused, (void)what;
    ((struct timer *)timer)->fired(timer);
}

static void timer_start(struct timer *timer, void *loop, unsigned after_ms, bool repeats)
{
    const struct timeval after = {after_ms / 1000, after_ms % 1000 * 1000};
    event_assign(&timer->event, loop, -1, repeats ? EV_PERSIST : 0, on_timer, timer);
    event_add(&timer->event, &after);
}

static void timer_end(struct timer *timer)
{
    event_del(&timer->event);
    free(timer);
}

static void *loop_make(void)
{
    return event_base_new();
}

static void loop_run(void *loop)
{
    event_base_dispatch(loop);
}

static void loop_end(void *unused)
{
    (void)unused;
}

static void loop_free(void *loop)
{
    event_base_free(loop);
}

#define EXECUTOR (&tare_event)
#define ENDS_BY_ITSELF 1
#include "driven.h"

/* ---- Descriptors, and what libevent puts off ---------------------------------- */

static void on_readable(struct bufferevent *reader, void *writer)
{
    char text[16];
    CHECK_EQUAL(bufferevent_read(reader, text, sizeof text), 5);
    CHECK_EQUAL(memcmp(text, "hello", 5), 0);
    bufferevent_free(reader);
    bufferevent_free(writer);
}

static void start_channel(void *loop, void *unused, tare_async *async)
{
    (void)unused, (void)async;
    evutil_socket_t sockets[2];
    CHECK_EQUAL(evutil_socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    struct bufferevent *ends[2];
    for (int i = 0; i < 2; i++) {
        evutil_make_socket_nonblocking(sockets[i]);
        ends[i] = bufferevent_socket_new(loop, sockets[i], BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    }
    bufferevent_setcb(ends[0], on_readable, NULL, NULL, ends[1]);
    bufferevent_enable(ends[0], EV_READ);
    CHECK_EQUAL(bufferevent_write(ends[1], "hello", 5), 0);
}

/* The base's table of descriptors is no part of the work, whatever their numbers. */
static void descriptors(void)
{
    tare_stats few, many;
    int opened[200];
    CHECK_EQUAL(tare_measure_async(&tare_event, start_channel, NULL, &few), 0);
    for (int i = 0; i < 200; i++)
        opened[i] = dup(0);
    CHECK_EQUAL(tare_measure_async(&tare_event, start_channel, NULL, &many), 0);
    for (int i = 0; i < 200; i++)
        close(opened[i]);
    CHECK(tare_stats_equal(&few, &many));
    CHECK(few.allocations > 2);
}

/* The loop's own ways to end it. */
static void break_loop(struct timer *timer)
{
    event_base_loopbreak(timer->data);
}

static void exit_loop(struct timer *timer)
{
    event_base_loopexit(timer->data, NULL);
}

static void start_and_end_loop(void *loop, void *fired, tare_async *async)
{
    (void)async;
    void (**way)(struct timer *) = fired;
    left_open = timer_new(loop, 1, true, *way, loop);
}

static void ended_otherwise(void (*way)(struct timer *))
{
    tare_stats stats;
    CHECK_EQUAL(tare_measure_async(&tare_event, start_and_end_loop, &way, &stats), 0);
    CHECK_EQUAL(stats.leaked_bytes, sizeof(struct timer));
    free(left_open);
}

int main(void)
{
    driven();
    descriptors();
    ended_otherwise(break_loop);
    ended_otherwise(exit_loop);
    return 0;
}
