/* SPDX-License-Identifier: MIT */
#ifndef TARE_ASYNC_H
#define TARE_ASYNC_H

/*
 * Asynchronous work, driven to its end on an event loop of its own:
 *
 *     #include <tare/async/uv.h>          or event.h, ev.h, glib.h
 *
 *     static void start(void *loop, void *argument, tare_async *async)
 *     {
 *         fetch(loop, argument);          the loop is a uv_loop_t *
 *     }
 *
 *     tare_stats stats;
 *     tare_measure_async(&tare_uv, start, "http://localhost/", &stats);
 *     assert(stats.leaked_allocations == 0);
 *
 * Each call makes a loop on a thread of its own, measures start() and then the
 * loop until the work is over, and frees the loop. Making and freeing it are not
 * counted, nor what the library allocates at its first use for the loop itself.
 * The calling thread waits. Called inside a callback of a running loop, it holds
 * up that callback, as any function does that takes its time, and touches
 * nothing else of that loop.
 *
 * What has to be measured on a loop that exists is measured by tasks, see
 * tare_task_enter() in <tare/tare.h>.
 *
 * Units, threads, memory and errors are as <tare/tare.h> says.
 */

#include <tare/tare.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* ---- The work ------------------------------------------------------------ */

/* One piece of work on its way. Opaque; recognised for ever, so what comes late
 * does no harm. */
typedef struct tare_async tare_async;

/*
 * Starts the work on the loop it is given, and returns. Runs on the loop's
 * thread and is measured, like all callbacks of the loop. loop is what the
 * executor says: a uv_loop_t *, struct event_base *, struct ev_loop * or
 * GMainContext *. In C++ neither it nor a callback may throw.
 */
typedef void (*tare_async_start)(void *loop, void *argument, tare_async *async);

/*
 * Says that the work is over: the loop ends when the callback under way has
 * returned. libuv, libevent and libev end by themselves, too, when nothing is
 * left to wait for; GLib's loop ends by this alone. What is left open then is
 * closed, uncounted. May be called by any thread and at any time; once the work
 * is over, it does nothing.
 * Returns 0 or TARE_ERROR_NULL_ARGUMENT.
 */
int tare_async_done(tare_async *async);

/*
 * The task by which the work is measured, for callbacks that run elsewhere: what
 * they do inside tare_in_task() is counted too.
 *
 *     static void in_the_pool(uv_work_t *work)
 *     {
 *         tare_in_task(work->data) { compress(); }    data is tare_async_scope(async)
 *     }
 *
 * It is closed when the work is over: every other thread must have left it.
 * NULL when the work is over already, or for NULL.
 */
tare_scope *tare_async_scope(tare_async *async);

/* ---- Driving it to its end ----------------------------------------------- */

/* The one list of options: TYPE, NAME, default and meaning. Each is the default
 * where it is 0. */
#define TARE_ASYNC_OPTIONS(X)                                                                                          \
    X(const char *, name, 0, "shown in messages; NULL for none")                                                       \
    X(unsigned, timeout_ms, 0, "how long making the loop and the work may take; 0 is 10,000")

typedef struct tare_async_options {
    TARE_ASYNC_OPTIONS(TARE_OPTION_FIELD_)
} tare_async_options;

/* How to make, run and free an event loop; see below. */
typedef struct tare_executor tare_executor;

/*
 * tare_measure_async(executor, start, argument, &stats, options...) runs the work
 * to its end and writes what it allocated:
 *
 *     tare_measure_async(&tare_uv, start, NULL, &stats, .name = "fetch", .timeout_ms = 500);
 *
 * Returns 0 or an error; stats is untouched then:
 *
 *   NULL_ARGUMENT  of all but argument
 *   EXECUTOR       the loop can't be made, or a thread for it
 *   TIMEOUT        the work was not over in time. The loop is stopped and freed. Where
 *                  a callback does not return, it can't be: a second after the time was
 *                  over its thread is left to itself, and what start was given must live on
 *   ENTERED        another thread was still inside the task
 *   NOT_ATTACHED, NO_MEMORY, BUSY
 *
 * The calling thread allocates nothing. Scopes of it over several threads, and an
 * exclusive one, count what the loop's thread does, the making of the loop too.
 *
 * What a pool is still doing for the loop when the work is over is waited for
 * before the loop is freed, uncounted, for a second at most.
 *
 * Before C++20, which has no options by name, give them in order:
 * tare_measure_async(&tare_uv, start, NULL, &stats, "fetch", 500).
 */
int tare_measure_async_with(const tare_executor *executor, tare_async_start start, void *argument, tare_stats *stats,
                            const tare_async_options *options);

/* ---- Executors ------------------------------------------------------------ */

/*
 * What makes another event loop known to tare; <tare/async/uv.h> is one to start
 * from. All of it lives for ever, since an abandoned thread may still use it. The
 * functions run on the loop's thread, but for wake(). None of them throws.
 */
struct tare_executor {
    const char *name;   /* of the library; shown in messages */
    const char *advice; /* how work on it comes to an end, a sentence; shown when it does not */

    size_t state_bytes; /* what it keeps for one loop: zeroed, aligned to 64, there until unmake() returns */

    /* Makes a loop, with a timer that stops it after timeout_ms and does not keep it going by itself. Returns it, as
     * start() gets it, or NULL where that can't be; nothing is left behind then. Whatever the library allocates once
     * for itself or for a loop is to be allocated here, because this is not measured: let the loop run once. */
    void *(*make)(void *state, unsigned timeout_ms);

    /* Runs the loop until stop() is called or nothing is left to wait for: true; or until the time is over: false. */
    bool (*run)(void *state);

    /* Makes run() return when the callback under way has returned. Called inside run(). */
    void (*stop)(void *state);

    /* The same, called by another thread, at any time between make() and unmake(). */
    void (*wake)(void *state);

    /* Frees the loop with what is left open on it, after what still runs on its behalf elsewhere. */
    void (*unmake)(void *state);
};

/*
 * A new eventfd with a number of 512 or more where the process may have so many,
 * else any; -1 where there is none. The caller closes it. Loops keep tables that
 * reach to the highest descriptor they watch, so what they allocate would depend
 * on how many files the process has open. make() has its loop watch this one,
 * and figures are the same whatever descriptors below it the work is given.
 */
int tare_executor_descriptor(void);

/* ---- What the macro stands on; not for direct use -------------------------- */

typedef struct tare_async_measurement_ {
    tare_stats *stats;
    TARE_ASYNC_OPTIONS(TARE_OPTION_FIELD_)
} tare_async_measurement_;

int tare_measure_async_(const tare_executor *executor, tare_async_start start, void *argument,
                        const tare_async_measurement_ *measurement, tare_here_ here);

#pragma GCC visibility pop
#ifdef __cplusplus
}

namespace tare {
namespace detail {

inline tare_async_measurement_ async_measurement(tare_stats *stats, const char *name = nullptr, unsigned timeout_ms = 0)
{
    tare_async_measurement_ made;
    made.stats = stats;
    made.name = name;
    made.timeout_ms = timeout_ms;
    return made;
}

inline int measure_async(const tare_executor *executor, tare_async_start start, void *argument,
                         const tare_async_measurement_ &measurement, tare_here_ here)
{
    return tare_measure_async_(executor, start, argument, &measurement, here);
}

} // namespace detail
} // namespace tare

#if __cplusplus >= 202002L
#define tare_measure_async(executor, start, argument, ...)                                                             \
    tare::detail::measure_async(executor, start, argument, tare_async_measurement_{.stats = __VA_ARGS__}, TARE_HERE_)
#else
#define tare_measure_async(executor, start, argument, ...)                                                             \
    tare::detail::measure_async(executor, start, argument, tare::detail::async_measurement(__VA_ARGS__), TARE_HERE_)
#endif

#else

#define tare_measure_async(executor, start, argument, ...)                                                             \
    tare_measure_async_(executor, start, argument, &(tare_async_measurement_){.stats = __VA_ARGS__}, TARE_HERE_)

#endif

#endif
