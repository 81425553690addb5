/* SPDX-License-Identifier: MIT */
#ifndef TARE_ASYNC_UV_H
#define TARE_ASYNC_UV_H

/*
 * &tare_uv, the executor for libuv. start() gets a uv_loop_t *. The work is over
 * when no handle is active and referenced and every request has called back,
 * or by tare_async_done(), or uv_stop(). Handles that are left then are closed
 * without a callback.
 *
 * Link with libuv, too: pkg-config libuv.
 */

#include <tare/async.h>
#include <unistd.h>
#include <uv.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tare_uv_ {
    uv_loop_t loop; /* first: it is what stands for all */
    uv_timer_t deadline;
    uv_async_t wake;
    bool late;
};

static inline void tare_uv_stop_(void *state)
{
    uv_stop(&((struct tare_uv_ *)state)->loop);
}

static inline void tare_uv_wake_(void *state)
{
    uv_async_send(&((struct tare_uv_ *)state)->wake);
}

static inline bool tare_uv_run_(void *state)
{
    struct tare_uv_ *uv = (struct tare_uv_ *)state;
    uv_run(&uv->loop, UV_RUN_DEFAULT);
    return !uv->late;
}

static inline void tare_uv_close_(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static inline void tare_uv_unmake_(void *state)
{
    struct tare_uv_ *uv = (struct tare_uv_ *)state;
    do {
        uv_walk(&uv->loop, tare_uv_close_, NULL);
        uv_run(&uv->loop, UV_RUN_ONCE);
    } while (uv_loop_close(&uv->loop) == UV_EBUSY);
}

static inline void tare_uv_on_wake_(uv_async_t *wake)
{
    uv_stop(wake->loop);
}

static inline void tare_uv_on_deadline_(uv_timer_t *deadline)
{
    ((struct tare_uv_ *)(void *)deadline->loop)->late = true;
    uv_stop(deadline->loop);
}

static inline void tare_uv_on_poll_(uv_poll_t *poll, int status, int events)
{
    (void)poll, (void)status, (void)events;
}

/* Makes room for descriptors, and calls back once. */
static inline void tare_uv_warm_up_(struct tare_uv_ *uv)
{
    uv_poll_t poll;
    int high = tare_executor_descriptor();
    bool polls = high >= 0 && uv_poll_init(&uv->loop, &poll, high) == 0;
    if (polls) {
        uv_poll_start(&poll, UV_READABLE, tare_uv_on_poll_);
        uv_close((uv_handle_t *)&poll, NULL);
    }
    uv_async_send(&uv->wake);
    uv_run(&uv->loop, UV_RUN_ONCE);
    if (high >= 0)
        close(high);
}

static inline void *tare_uv_make_(void *state, unsigned timeout_ms)
{
    struct tare_uv_ *uv = (struct tare_uv_ *)state;
    if (uv_loop_init(&uv->loop) != 0)
        return NULL;
    uv_timer_init(&uv->loop, &uv->deadline);
    if (uv_async_init(&uv->loop, &uv->wake, tare_uv_on_wake_) != 0) {
        tare_uv_unmake_(state);
        return NULL;
    }
    tare_uv_warm_up_(uv);
    uv_timer_start(&uv->deadline, tare_uv_on_deadline_, timeout_ms, 0);
    uv_unref((uv_handle_t *)&uv->deadline);
    uv_unref((uv_handle_t *)&uv->wake);
    return &uv->loop;
}

static const tare_executor tare_uv __attribute__((unused)) = {
    "libuv",
    "Its work ends when no handle is active, or by tare_async_done().",
    sizeof(struct tare_uv_),
    tare_uv_make_,
    tare_uv_run_,
    tare_uv_stop_,
    tare_uv_wake_,
    tare_uv_unmake_,
};

#ifdef __cplusplus
}
#endif

#endif
