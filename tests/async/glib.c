/* SPDX-License-Identifier: MIT */
/* tare_measure_async() on GLib's main loop. */
#include <stdlib.h>

#include <tare/async/glib.h>

#include "check.h"

struct timer {
    GSource *source;
    bool repeats;
    void (*fired)(struct timer *timer);
    void *data;
};

static gboolean on_timer(void *context)
{
    struct timer *timer = context;
    gboolean repeats = timer->repeats; /* it may be gone afterwards */
    timer->fired(timer);
    return repeats;
}

static void timer_start(struct timer *timer, void *loop, unsigned after_ms, bool repeats)
{
    timer->repeats = repeats;
    timer->source = g_timeout_source_new(after_ms);
    g_source_set_callback(timer->source, on_timer, timer, NULL);
    g_source_attach(timer->source, loop);
    g_source_unref(timer->source); /* the loop's alone from now on */
}

static void timer_end(struct timer *timer)
{
    g_source_destroy(timer->source);
    free(timer);
}

static gint running;

static void *loop_make(void)
{
    running = 1;
    return g_main_context_new();
}

static void loop_run(void *loop)
{
    while (running)
        g_main_context_iteration(loop, TRUE);
}

static void loop_end(void *unused)
{
    (void)unused;
    running = 0;
}

static void loop_free(void *loop)
{
    g_main_context_unref(loop);
}

#define EXECUTOR (&tare_glib)
#define ENDS_BY_ITSELF 0
#include "driven.h"

/* The context is the default of its thread. */
static gboolean when_idle(void *async)
{
    tare_async_done(async);
    return G_SOURCE_REMOVE;
}

static void start_by_default(void *loop, void *unused, tare_async *async)
{
    (void)unused;
    CHECK(g_main_context_get_thread_default() == loop);
    g_main_context_invoke(NULL, when_idle, async); /* of the process's default: not run here */
    GSource *idle = g_idle_source_new();
    g_source_set_callback(idle, when_idle, async, NULL);
    g_source_attach(idle, g_main_context_get_thread_default());
    g_source_unref(idle);
}

static void thread_default(void)
{
    tare_stats stats;
    CHECK_EQUAL(tare_measure_async(&tare_glib, start_by_default, NULL, &stats), 0);
}

int main(void)
{
    driven();
    thread_default();
    return 0;
}
