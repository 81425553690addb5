/* SPDX-License-Identifier: MIT */
/*
 * Threads are made here so that a family knows its own, and so that what libc
 * allocates for a thread is told apart from what the program does: a thread that
 * is given the stack of one before costs nothing there, and any figure would
 * depend on what had run until then. They are waited for here so that the owner
 * of an exclusive scope may join a thread, which goes on in its place meanwhile.
 *
 * A file of its own, so that a program linked by --wrap takes from libc only
 * the functions that it calls.
 */
#include "gate.h"
#include "real.h"
#include "scope.h"

#ifdef TARE__WRAP
#define HOOK(name) __wrap_##name
#define REAL(name) __real_##name
#define TARE_HOOK(result, name, parameters)                                                                            \
    result __wrap_##name parameters;                                                                                   \
    result __real_##name parameters;
#include "thread_hooks.def"
#undef TARE_HOOK
#else
#define HOOK(name) name
#define REAL(name) tare__real.name
#endif

/* Has an archive's member linked, see canary.c: threads may be made by libraries
 * alone, as libstdc++ makes std::thread's. */
const char tare__threads_interposed = 1;

static void *run_posix(void *argument)
{
    struct tare__thread *thread = argument;
    tare__thread_become(thread);
    return thread->start.posix(thread->start_argument);
}

static int run_c11(void *argument)
{
    struct tare__thread *thread = argument;
    tare__thread_become(thread);
    return thread->start.c11(thread->start_argument);
}

/* Until end_making() what this thread allocates is libc's own. */
static struct tare__thread *begin_making(struct tare__thread **mine, uintptr_t frame)
{
    while ((*mine = tare__thread_mine()) != NULL && tare__gate_keeps_out(*mine)) {
        tare__thread_done(*mine);
        tare__gate_pass((*mine)->hot, frame);
    }
    if (*mine == NULL)
        return NULL;
    struct tare__thread *child = tare__family_prepare(*mine);
    (*mine)->making = true;
    (*mine)->hot->guard = frame | TARE__GUARD_CALLEE;
    return child;
}

static void end_making(struct tare__thread *mine, struct tare__thread *child, bool made)
{
    if (child != NULL && !made)
        tare__thread_discard(child);
    if (mine == NULL)
        return;
    mine->making = false;
    tare__thread_done(mine);
}

TARE__EXPORT int HOOK(pthread_create)(pthread_t *id, const pthread_attr_t *attributes, void *(*start)(void *),
                                      void *argument)
{
    struct tare__thread *mine, *child = begin_making(&mine, TARE__FRAME);
    int error;
    if (child != NULL) {
        child->start.posix = start;
        child->start_argument = argument;
        error = REAL(pthread_create)(id, attributes, run_posix, child);
    } else {
        error = REAL(pthread_create)(id, attributes, start, argument);
    }
    end_making(mine, child, error == 0);
    return error;
}

TARE__EXPORT int HOOK(thrd_create)(thrd_t *id, int (*start)(void *), void *argument)
{
    struct tare__thread *mine, *child = begin_making(&mine, TARE__FRAME);
    int error;
    if (child != NULL) {
        child->start.c11 = start;
        child->start_argument = argument;
        error = REAL(thrd_create)(id, run_c11, child);
    } else {
        error = REAL(thrd_create)(id, start, argument);
    }
    end_making(mine, child, error == thrd_success);
    return error;
}

/* Around what gives back what a thread had, and may wait for its end. */
struct reaping {
    struct tare__thread *mine;
    uint64_t loan; /* of the gate */
    bool ended;
};

static struct reaping begin_reaping(uintptr_t frame)
{
    struct reaping reaping = {.mine = tare__thread_mine()};
    if (reaping.mine != NULL) {
        TARE__STORE(reaping.mine->reaping, frame);
        tare__thread_done(reaping.mine);
    }
    return reaping;
}

static void end_reaping(void *argument)
{
    struct reaping *reaping = argument;
    tare__gate_take_back(reaping->loan, reaping->ended);
    if (reaping->mine != NULL)
        TARE__STORE(reaping->mine->reaping, 0);
}

/* The body of a function that waits for the end of a thread by `call`, in which
 * its own may be cancelled. */
#define JOIN(call, success)                                                                                            \
    struct reaping reaping = begin_reaping(TARE__FRAME);                                                               \
    reaping.loan = tare__gate_lend(id);                                                                                \
    int error;                                                                                                         \
    pthread_cleanup_push(end_reaping, &reaping);                                                                       \
    error = (call);                                                                                                    \
    reaping.ended = error == (success);                                                                                \
    pthread_cleanup_pop(1);                                                                                            \
    return error

/* The body of one that does not wait. */
#define RELEASE(call)                                                                                                  \
    struct reaping reaping = begin_reaping(TARE__FRAME);                                                               \
    int error = (call);                                                                                                \
    end_reaping(&reaping);                                                                                             \
    return error

TARE__EXPORT int HOOK(pthread_join)(pthread_t id, void **result)
{
    JOIN(REAL(pthread_join)(id, result), 0);
}

TARE__EXPORT int HOOK(pthread_timedjoin_np)(pthread_t id, void **result, const struct timespec *deadline)
{
    JOIN(REAL(pthread_timedjoin_np)(id, result, deadline), 0);
}

TARE__EXPORT int HOOK(pthread_clockjoin_np)(pthread_t id, void **result, clockid_t clock,
                                            const struct timespec *deadline)
{
    JOIN(REAL(pthread_clockjoin_np)(id, result, clock, deadline), 0);
}

TARE__EXPORT int HOOK(thrd_join)(thrd_t id, int *result)
{
    JOIN(REAL(thrd_join)(id, result), thrd_success);
}

TARE__EXPORT int HOOK(pthread_tryjoin_np)(pthread_t id, void **result)
{
    RELEASE(REAL(pthread_tryjoin_np)(id, result));
}

TARE__EXPORT int HOOK(pthread_detach)(pthread_t id)
{
    RELEASE(REAL(pthread_detach)(id));
}

TARE__EXPORT int HOOK(thrd_detach)(thrd_t id)
{
    RELEASE(REAL(thrd_detach)(id));
}
