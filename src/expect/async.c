/* SPDX-License-Identifier: MIT */
/*
 * Work on an event loop of its own, driven to its end (async.h).
 *
 * Each piece of work has one mapping, a run, which the caller and the loop's
 * thread own together: whoever leaves last gives it back, so that a thread whose
 * callback never returns can be left to itself. The thread measures; the caller
 * waits, and tells of errors. A run is looked up by its number in the list of
 * those on their way, so that a call that comes late finds nothing.
 */
#include <tare/async.h>

#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "lock.h"
#include "os.h"
#include "scope.h"

#define TIMEOUT_MS 10000u
#define GRACE_MS 1000u /* after the deadline, for a callback that is about to return */
#define NS_PER_MS 1000000u
#define NS_PER_S 1000000000u
#define NAME_BYTES 128
#define HIGH_DESCRIPTOR 512

struct run {
    struct run *next; /* in the list */
    uint64_t number;
    size_t bytes;    /* of the mapping */
    uint32_t owners; /* atomic */

    const tare_executor *executor;
    tare_async_start start;
    void *argument;
    uint64_t deadline_ns;
    tare_scope *scope;
    char name[NAME_BYTES]; /* of the scope, which may outlive the caller's */

    pthread_t thread; /* set by itself */
    bool running;     /* used by it alone: inside the executor's run() */
    bool done;        /* atomic */

    bool posted; /* atomic: error and stats are there */
    int error;
    tare_stats stats;

    char state[] __attribute__((aligned(64))); /* the executor's */
};

/* ---- The runs on their way ------------------------------------------------ */

static struct {
    tare__lock lock;
    int pid; /* of the process that the rest is of */
    uint64_t last_number;
    struct run *first;
} list;

/* In a child of fork the runs are the parent's, and the lock may be held by a
 * thread that is not there. The first to come starts anew. */
static void start_anew(int seen, int pid)
{
    if (__atomic_compare_exchange_n(&list.pid, &seen, -1, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
        list.lock.word = 0;
        list.first = NULL;
        __atomic_store_n(&list.pid, pid, __ATOMIC_RELEASE);
    }
    while (__atomic_load_n(&list.pid, __ATOMIC_ACQUIRE) != pid)
        tare__os_pause();
}

static void lock_list(void)
{
    int pid = tare__os_pid(), seen = __atomic_load_n(&list.pid, __ATOMIC_ACQUIRE);
    if (seen != pid)
        start_anew(seen, pid);
    tare__lock_acquire(&list.lock);
}

static void unlock_list(void)
{
    tare__lock_release(&list.lock);
}

static tare_async *enlist(struct run *run)
{
    lock_list();
    run->number = ++list.last_number;
    run->next = list.first;
    list.first = run;
    unlock_list();
    return (tare_async *)(uintptr_t)run->number;
}

static void delist(const struct run *run)
{
    lock_list();
    for (struct run **link = &list.first; *link != NULL; link = &(*link)->next)
        if (*link == run) {
            *link = run->next;
            break;
        }
    unlock_list();
}

/* With the list locked. NULL for one that is over. */
static struct run *run_of(const tare_async *async)
{
    struct run *run = list.first;
    while (run != NULL && run->number != (uintptr_t)async)
        run = run->next;
    return run;
}

/* ---- On the loop's thread -------------------------------------------------- */

static bool is_done(const struct run *run)
{
    return __atomic_load_n(&run->done, __ATOMIC_ACQUIRE);
}

static unsigned ms_left(const struct run *run)
{
    uint64_t now_ns = tare__os_clock_ns();
    return now_ns < run->deadline_ns ? (unsigned)((run->deadline_ns - now_ns) / NS_PER_MS) : 0;
}

/* True when the work is over, false when its time is. */
static bool run_loop(struct run *run)
{
    if (is_done(run))
        return true;
    run->running = true;
    bool in_time = run->executor->run(run->state);
    run->running = false;
    return in_time || is_done(run);
}

static int measure(struct run *run, void *loop)
{
    const struct tare__place not_a_block = {0, 0};
    uint32_t before;
    tare_async *async = enlist(run);
    int error = tare__task_enter(run->scope, not_a_block, &before);
    if (error == 0) {
        run->start(loop, run->argument, async);
        bool in_time = run_loop(run);
        error = tare__task_leave(run->scope);
        if (error == 0 && !in_time)
            error = TARE_ERROR_TIMEOUT;
    }
    delist(run);
    return error != 0 ? error : tare__scope_take(run->scope, TARE__CLOSE, &run->stats, NULL);
}

static void post(struct run *run, int error)
{
    run->error = error;
    __atomic_store_n(&run->posted, true, __ATOMIC_RELEASE);
}

static void disown(struct run *run)
{
    if (__atomic_sub_fetch(&run->owners, 1, __ATOMIC_ACQ_REL) == 0)
        tare__os_unmap(run, run->bytes);
}

static void *drive(void *argument)
{
    struct run *run = argument;
    run->thread = pthread_self();
    void *loop = run->executor->make(run->state, ms_left(run));
    int error = loop != NULL ? measure(run, loop) : (int)TARE_ERROR_EXECUTOR;
    post(run, error);
    if (loop != NULL)
        run->executor->unmake(run->state);
    /* What left a thread inside its task keeps the task's name. */
    if (error == 0 || tare__scope_take(run->scope, TARE__CLOSE, NULL, NULL) != TARE_ERROR_ENTERED)
        disown(run);
    return NULL;
}

/* ---- On the caller's -------------------------------------------------------- */

static void name_run(struct run *run, const char *name)
{
    struct tare__text text = tare__text_in(run->name, sizeof run->name);
    tare__text_add(&text, name != NULL ? name : "tare_measure_async");
}

static struct run *make_run(const tare_executor *executor, const tare_async_options *options, int *error)
{
    size_t bytes = sizeof(struct run) + executor->state_bytes;
    struct run *run = tare__os_map(bytes);
    if (run == NULL) {
        *error = TARE_ERROR_NO_MEMORY;
        return NULL;
    }
    name_run(run, options->name);
    run->bytes = bytes;
    run->executor = executor;
    run->deadline_ns =
        tare__os_clock_ns() + (uint64_t)(options->timeout_ms != 0 ? options->timeout_ms : TIMEOUT_MS) * NS_PER_MS;
    const tare_options task = {.name = run->name, .domain = TARE_TASK};
    run->scope = tare__scope_open(&task, (struct tare__place){0, 0}, error);
    if (run->scope == NULL) {
        tare__os_unmap(run, bytes);
        return NULL;
    }
    return run;
}

static void unmake_run(struct run *run)
{
    tare__scope_take(run->scope, TARE__CLOSE, NULL, NULL);
    tare__os_unmap(run, run->bytes);
}

/* True when the thread has ended; it is left to itself otherwise. */
static bool join(pthread_t thread, const struct run *run)
{
    uint64_t until_ns = run->deadline_ns + (uint64_t)GRACE_MS * NS_PER_MS;
    const struct timespec until = {(time_t)(until_ns / NS_PER_S), (long)(until_ns % NS_PER_S)};
    if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) == 0)
        return true;
    pthread_detach(thread);
    return false;
}

/* What happened, in lines for the failure handler. */
struct story {
    char buffer[512];
    struct tare__text text;
};

static void tell(struct story *story, const char *before, const tare_executor *executor, const char *after)
{
    tare__text_add(&story->text, before);
    tare__text_add(&story->text, executor->name);
    tare__text_add(&story->text, after);
}

static void tell_error(struct story *story, int error, const tare_executor *executor)
{
    if (error == TARE_ERROR_EXECUTOR)
        tell(story, "  ", executor, " could not make its loop.\n");
    if (error != TARE_ERROR_TIMEOUT)
        return;
    tell(story, "  The loop of ", executor, " was stopped with work left. ");
    tare__text_add(&story->text, executor->advice);
    tare__text_add(&story->text, "\n");
}

static int finish(struct run *run, pthread_t thread, tare_stats *stats, struct story *story)
{
    const tare_executor *executor = run->executor;
    bool ended = join(thread, run);
    int error;
    if (__atomic_load_n(&run->posted, __ATOMIC_ACQUIRE)) {
        error = run->error;
        if (error == 0)
            *stats = run->stats;
        tell_error(story, error, executor);
        disown(run);
    } else if (ended) {
        error = TARE_ERROR_EXECUTOR;
        tell(story, "  The thread of ", executor, "'s loop was ended by a callback of its.\n");
        delist(run);
        unmake_run(run);
    } else {
        error = TARE_ERROR_TIMEOUT;
        tell(story, "  A callback of ", executor, "'s loop has not returned; its thread is left to itself.\n");
        disown(run);
    }
    return error;
}

static bool is_complete(const tare_executor *executor)
{
    return executor != NULL && executor->name != NULL && executor->advice != NULL && executor->make != NULL &&
           executor->run != NULL && executor->stop != NULL && executor->wake != NULL && executor->unmake != NULL;
}

static int run_to_its_end(const tare_executor *executor, tare_async_start start, void *argument, tare_stats *stats,
                          const tare_async_options *options, struct story *story)
{
    if (!is_complete(executor) || start == NULL || stats == NULL || options == NULL)
        return TARE_ERROR_NULL_ARGUMENT;
    int error;
    struct run *run = make_run(executor, options, &error);
    if (run == NULL)
        return error;
    run->start = start;
    run->argument = argument;
    run->owners = 2;
    pthread_t thread;
    if (pthread_create(&thread, NULL, drive, run) != 0) {
        tell(story, "  There is no thread for the loop of ", executor, ".\n");
        unmake_run(run);
        return TARE_ERROR_EXECUTOR;
    }
    return finish(run, thread, stats, story);
}

static int measure_async(const tare_executor *executor, tare_async_start start, void *argument, tare_stats *stats,
                         const tare_async_options *options, const tare_here_ *here)
{
    struct story story;
    story.text = tare__text_in(story.buffer, sizeof story.buffer);
    int error = run_to_its_end(executor, start, argument, stats, options, &story);
    if (error == 0)
        return 0;
    tare__end_message(&story.text);
    return tare__fail_error_detailed(error, "tare_measure_async", options != NULL ? options->name : NULL, here,
                                     story.buffer);
}

int tare_measure_async_with(const tare_executor *executor, tare_async_start start, void *argument, tare_stats *stats,
                            const tare_async_options *options)
{
    return measure_async(executor, start, argument, stats, options, NULL);
}

#define COPY_OPTION(type, name, initially, text) .name = measurement->name,

int tare_measure_async_(const tare_executor *executor, tare_async_start start, void *argument,
                        const tare_async_measurement_ *measurement, tare_here_ here)
{
    const tare_async_options options = {TARE_ASYNC_OPTIONS(COPY_OPTION)};
    return measure_async(executor, start, argument, measurement->stats, &options, &here);
}

/* ---- For the work itself ----------------------------------------------------- */

static void end_loop(struct run *run)
{
    __atomic_store_n(&run->done, true, __ATOMIC_RELEASE);
    if (!pthread_equal(run->thread, pthread_self()))
        run->executor->wake(run->state);
    else if (run->running)
        run->executor->stop(run->state);
}

int tare_async_done(tare_async *async)
{
    if (async == NULL)
        return tare__fail_error(TARE_ERROR_NULL_ARGUMENT, "tare_async_done", NULL, NULL);
    lock_list();
    struct run *run = run_of(async);
    if (run != NULL && !is_done(run))
        end_loop(run);
    unlock_list();
    return 0;
}

tare_scope *tare_async_scope(tare_async *async)
{
    lock_list();
    const struct run *run = run_of(async);
    tare_scope *scope = run != NULL ? run->scope : NULL;
    unlock_list();
    return scope;
}

/* ---- For executors ------------------------------------------------------------ */

int tare_executor_descriptor(void)
{
    int low = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int high = low >= 0 ? fcntl(low, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR) : -1;
    if (high < 0)
        return low;
    close(low);
    return high;
}
