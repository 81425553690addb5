/* SPDX-License-Identifier: MIT */
/* tare_measure_async() on libev. */
#include <tare/async/ev.h>

#include <fcntl.h>
#include <stdlib.h>

#include "check.h"

struct timer {
    ev_timer watcher;
    struct ev_loop *loop;
    void (*fired)(struct timer *timer);
    void *data;
};

static void on_timer(struct ev_loop *loop, ev_timer *watcher, int unused)
{
    (void)loop, (void)unused;
    struct timer *timer = watcher->data;
    timer->fired(timer);
}

static void timer_start(struct timer *timer, void *loop, unsigned after_ms, bool repeats)
{
    timer->loop = loop;
    ev_now_update(loop);
    ev_timer_init(&timer->watcher, on_timer, after_ms / 1e3, repeats ? after_ms / 1e3 : 0);
    timer->watcher.data = timer;
    ev_timer_start(loop, &timer->watcher);
}

static void timer_end(struct timer *timer)
{
    ev_timer_stop(timer->loop, &timer->watcher);
    free(timer);
}

static void *loop_make(void)
{
    return ev_loop_new(EVFLAG_AUTO);
}

static void loop_run(void *loop)
{
    ev_run(loop, 0);
}

static void loop_end(void *unused)
{
    (void)unused;
}

static void loop_free(void *loop)
{
    ev_loop_destroy(loop);
}

#define EXECUTOR (&tare_ev)
#define ENDS_BY_ITSELF 1
#include "driven.h"

struct channel {
    ev_io reader;
    int descriptors[2];
};

static void on_readable(struct ev_loop *loop, ev_io *reader, int unused)
{
    (void)unused;
    struct channel *channel = (struct channel *)reader;
    char text[16];
    CHECK_EQUAL(read(channel->descriptors[0], text, sizeof text), 5);
    ev_io_stop(loop, reader);
    close(channel->descriptors[0]);
    close(channel->descriptors[1]);
    free(channel);
}

static void start_channel(void *loop, void *unused, tare_async *async)
{
    (void)unused, (void)async;
    struct channel *channel = calloc(1, sizeof *channel);
    CHECK_EQUAL(pipe2(channel->descriptors, O_NONBLOCK), 0);
    ev_io_init(&channel->reader, on_readable, channel->descriptors[0], EV_READ);
    ev_io_start(loop, &channel->reader);
    CHECK_EQUAL(write(channel->descriptors[1], "hello", 5), 5);
}

/* The loop's table of descriptors is no part of the work, whatever their numbers. */
static void descriptors(void)
{
    tare_stats few, many;
    int opened[200];
    CHECK_EQUAL(tare_measure_async(&tare_ev, start_channel, NULL, &few), 0);
    for (int i = 0; i < 200; i++)
        opened[i] = dup(0);
    CHECK_EQUAL(tare_measure_async(&tare_ev, start_channel, NULL, &many), 0);
    for (int i = 0; i < 200; i++)
        close(opened[i]);
    CHECK(tare_stats_equal(&few, &many));
    CHECK_EQUAL(few.allocations, 1);
    CHECK_EQUAL(few.bytes_allocated, sizeof(struct channel));
    CHECK_EQUAL(few.deallocations, 1);
}

static void break_loop(struct timer *timer)
{
    ev_break(timer->loop, EVBREAK_ALL);
}

static void start_and_break(void *loop, void *unused, tare_async *async)
{
    (void)unused, (void)async;
    left_open = timer_new(loop, 1, true, break_loop, NULL);
}

/* The loop's own way to end it. */
static void broken(void)
{
    tare_stats stats;
    CHECK_EQUAL(tare_measure_async(&tare_ev, start_and_break, NULL, &stats), 0);
    CHECK_EQUAL(stats.leaked_bytes, sizeof(struct timer));
    free(left_open);
}

int main(void)
{
    driven();
    descriptors();
    broken();
    return 0;
}
