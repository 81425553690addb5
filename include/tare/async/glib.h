/* SPDX-License-Identifier: MIT */
#ifndef TARE_ASYNC_GLIB_H
#define TARE_ASYNC_GLIB_H

/*
 * &tare_glib, the executor for GLib's main loop. start() gets a GMainContext *,
 * which is the thread's default, so that GTask and GIO use it; g_timeout_add()
 * and g_idle_add() do not, but g_source_attach() does. The work is over by
 * tare_async_done() alone, because a context does not tell whether it has
 * sources. Those that are left then are destroyed.
 *
 * GLib before 2.76 hands out pieces of larger blocks for what it calls slices:
 * GList, GSource and others. G_SLICE=always-malloc in the environment makes
 * each a block of its own, which is counted then. Without it they are not, and
 * with more than some 30 of one size at a time, what is counted depends on what
 * GLib has left over.
 *
 * Link with GLib, too: pkg-config glib-2.0.
 */

#include <glib.h>
#include <tare/async.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tare_glib_ {
    GMainContext *context;
    GSource *deadline;
    gint stopped; /* atomic */
    bool late;
};

static inline void tare_glib_stop_(void *state)
{
    g_atomic_int_set(&((struct tare_glib_ *)state)->stopped, 1);
}

static inline void tare_glib_wake_(void *state)
{
    tare_glib_stop_(state);
    g_main_context_wakeup(((struct tare_glib_ *)state)->context);
}

static inline bool tare_glib_run_(void *state)
{
    struct tare_glib_ *glib = (struct tare_glib_ *)state;
    while (!g_atomic_int_get(&glib->stopped))
        g_main_context_iteration(glib->context, TRUE);
    return !glib->late;
}

static inline void tare_glib_unmake_(void *state)
{
    struct tare_glib_ *glib = (struct tare_glib_ *)state;
    g_source_destroy(glib->deadline);
    g_source_unref(glib->deadline);
    g_main_context_pop_thread_default(glib->context);
    g_main_context_unref(glib->context);
}

static inline gboolean tare_glib_on_deadline_(void *state)
{
    struct tare_glib_ *glib = (struct tare_glib_ *)state;
    glib->late = true;
    tare_glib_stop_(state);
    return G_SOURCE_REMOVE;
}

static inline void tare_glib_set_deadline_(struct tare_glib_ *glib, unsigned timeout_ms)
{
    glib->deadline = g_timeout_source_new(timeout_ms);
    g_source_set_callback(glib->deadline, tare_glib_on_deadline_, glib, NULL);
    g_source_attach(glib->deadline, glib->context);
}

/* Has the thread keep some slices of each size in store. */
static inline void tare_glib_stock_slices_(void)
{
    enum { COUNT = 32, STEP = 16, BYTES_MAX = 512 };
    for (gsize bytes = STEP; bytes <= BYTES_MAX; bytes += STEP) {
        void *slices[COUNT];
        for (int i = 0; i < COUNT; i++)
            slices[i] = g_slice_alloc(bytes);
        for (int i = 0; i < COUNT; i++)
            g_slice_free1(bytes, slices[i]);
    }
}

/* Calls back once. */
static inline void tare_glib_warm_up_(struct tare_glib_ *glib)
{
    tare_glib_stock_slices_();
    tare_glib_set_deadline_(glib, 0);
    tare_glib_run_(glib);
    g_source_unref(glib->deadline);
    glib->late = false;
    glib->stopped = 0;
}

/* GLib ends the program where it can't have a descriptor. */
static inline bool tare_glib_has_room_(void)
{
    int descriptor = tare_executor_descriptor();
    return descriptor >= 0 && close(descriptor) == 0;
}

static inline void *tare_glib_make_(void *state, unsigned timeout_ms)
{
    struct tare_glib_ *glib = (struct tare_glib_ *)state;
    if (!tare_glib_has_room_())
        return NULL;
    glib->context = g_main_context_new();
    g_main_context_push_thread_default(glib->context);
    tare_glib_warm_up_(glib);
    tare_glib_set_deadline_(glib, timeout_ms);
    return glib->context;
}

static const tare_executor tare_glib __attribute__((unused)) = {
    "GLib",
    "Its work ends by tare_async_done() alone.",
    sizeof(struct tare_glib_),
    tare_glib_make_,
    tare_glib_run_,
    tare_glib_stop_,
    tare_glib_wake_,
    tare_glib_unmake_,
};

#ifdef __cplusplus
}
#endif

#endif
