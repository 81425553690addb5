/* SPDX-License-Identifier: MIT */
#ifndef TARE_TARE_H
#define TARE_TARE_H

/*
 * Tare: what exactly does this piece of C or C++ allocate?
 *
 *     tare_stats stats;
 *     tare_measure(&stats) {
 *         char *s = replace("whoa", "whoa", "wow");
 *         free(s);
 *     }
 *     assert(stats.allocations == 1 && stats.leaked_bytes == 0);
 *
 *     tare_expect(.allocations = tare_at_most(3), .leaked_bytes = tare_none) {
 *         parse(input);
 *     }
 *
 * This header is the manual. Four things hold for everything in it:
 *
 * Units. Every size is in requested bytes: what the caller asked malloc for,
 * never what the allocator rounded it up to.
 *
 * Threads. Every function may be called from any thread unless it says
 * otherwise. No other thread is ever made to wait, except by a scope whose
 * domain is TARE_EXCLUSIVE.
 *
 * Memory. Nothing here allocates through malloc, so measuring never changes
 * what is measured. No function keeps a pointer of yours after it returns,
 * except tare_set_failure_handler().
 *
 * Errors. A function that can fail returns 0 or a negative tare_error. Before
 * it returns an error it tells the failure handler, whose default prints one
 * message on stderr and aborts, so that a mistake in a test can't pass unseen.
 *
 * Build with the flags that the CMake target or the pkg-config file carries:
 * without -fno-builtin-malloc and its siblings gcc and clang delete
 * malloc/free pairs whose block goes unused, and what is deleted can't be
 * counted.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TARE_VERSION_MAJOR 0
#define TARE_VERSION_MINOR 1
#define TARE_VERSION_PATCH 0

#if defined(__cplusplus) && __cplusplus >= 201402L
#define TARE_INITIALLY_(value) = value /* so that options left out are no warning in C++ */
#else
#define TARE_INITIALLY_(value)
#endif

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* ---- Statistics --------------------------------------------------------- */

/*
 * The one list of what is measured: TYPE, NAME, UNIT (BLOCKS, CALLS or BYTES)
 * and the meaning in a line. The struct, the difference, equality, the text,
 * the JSON and the expectations all come from it.
 *
 * A reallocation is one successful realloc of a block; it counts neither as
 * allocation nor as deallocation. Its growth is added to bytes_allocated, its
 * shrinkage to bytes_deallocated. So 100 -> 300 and then free is 1 allocation,
 * 1 reallocation, 1 deallocation, 300 bytes allocated, 300 deallocated, +200
 * reallocated, and bytes_allocated - bytes_deallocated is always the net.
 */
#define TARE_STATISTICS(X)                                                                                             \
    X(uint64_t, allocations, CALLS, "successful calls that made a block; malloc(0) is one")                            \
    X(uint64_t, deallocations, CALLS, "calls that ended a block; free(NULL) is none")                                  \
    X(uint64_t, reallocations, CALLS, "successful calls that resized a block")                                         \
    X(uint64_t, bytes_allocated, BYTES, "bytes of the allocations, and the growth of the reallocations")               \
    X(uint64_t, bytes_deallocated, BYTES, "bytes of the deallocations, and the shrinkage of the reallocations")        \
    X(int64_t, bytes_reallocated, BYTES, "net growth of the reallocations, already in the two above")                  \
    X(uint64_t, peak_bytes, BYTES, "the highest net since the start, never below 0")                                   \
    X(uint64_t, leaked_allocations, BLOCKS, "blocks born here that nobody had freed at the end")                       \
    X(uint64_t, leaked_bytes, BYTES, "bytes of those blocks")                                                          \
    X(uint64_t, failed_allocations, CALLS, "calls that returned no block; they count nowhere else")

/*
 * The one list of what can make a result inexact: NAME and what happened.
 * tare_stats.inexact has the bit TARE_INEXACT_<NAME> set for each that did.
 * An exact result has none.
 */
#define TARE_INEXACT_REASONS(X)                                                                                        \
    X(NOT_ATTACHED, "nothing was measured: tare is not attached to the program's malloc, or no scope could be opened") \
    X(UNKNOWN_BLOCK, "a block was freed or resized that tare never saw allocated; its bytes are missing")              \
    X(LOST, "tare had no memory to remember a block; its size is missing when it is freed")                            \
    X(REENTERED, "a signal handler allocated, or jumped away, inside a call of its thread; such calls are missing")    \
    X(BYPASSED, "a module binds malloc past tare (dlmopen, RTLD_DEEPBIND or -Bsymbolic); its calls are missing")       \
    X(ABANDONED, "a block was left by a jump; what came after may be counted, and its peak is missing")                \
    X(DEADLOCKED, "threads waited too long for an exclusive scope; they were let go on, beside it")                    \
    X(UNSETTLED, "another thread could not be asked between two calls; its last ones may be missing or half counted")  \
    X(NO_ROOM, "more threads at once than the record has room for; what theirs counted is missing")                    \
    X(ENDED_MID_CALL, "the program was ended in the middle of a call; one call may be half counted")

enum {
#define TARE_INEXACT_ORDINAL_(name, text) TARE_INEXACT_ORDINAL_##name,
    TARE_INEXACT_REASONS(TARE_INEXACT_ORDINAL_)
#undef TARE_INEXACT_ORDINAL_
        TARE_INEXACT_COUNT
};

enum {
#define TARE_INEXACT_BIT_(name, text) TARE_INEXACT_##name = 1 << TARE_INEXACT_ORDINAL_##name,
    TARE_INEXACT_REASONS(TARE_INEXACT_BIT_)
#undef TARE_INEXACT_BIT_
        TARE_INEXACT_NONE = 0
};

/* One result. Where inexact has TARE_INEXACT_NOT_ATTACHED, nothing was
 * measured and every other field has all its bits set: never 0. */
typedef struct tare_stats {
#define TARE_FIELD_(type, name, unit, text) type name;
    TARE_STATISTICS(TARE_FIELD_)
#undef TARE_FIELD_
    uint32_t inexact; /* TARE_INEXACT_* bits; 0 is exact */
} tare_stats;

/* after - before, field by field. Each field is signed. */
typedef struct tare_difference {
#define TARE_FIELD_(type, name, unit, text) int64_t name;
    TARE_STATISTICS(TARE_FIELD_)
#undef TARE_FIELD_
    uint32_t inexact; /* what made either of the two inexact */
} tare_difference;

tare_difference tare_stats_difference(const tare_stats *before, const tare_stats *after) __attribute__((nonnull));

/* True when every statistic and what is inexact are the same. */
bool tare_stats_equal(const tare_stats *a, const tare_stats *b) __attribute__((nonnull));

/*
 * Writes the statistics as text, a line each, or as one JSON object whose keys
 * are their names. Like snprintf: writes at most size bytes with the closing
 * NUL and returns the length of the whole text; size 0 writes nothing, and
 * buffer may be NULL then. Allocates nothing; safe in a signal handler.
 */
size_t tare_stats_format(const tare_stats *stats, char *buffer, size_t size) __attribute__((nonnull(1)));
size_t tare_stats_format_json(const tare_stats *stats, char *buffer, size_t size) __attribute__((nonnull(1)));

/* What an inexact bit means, in a sentence that lives forever; NULL for no
 * such bit. Takes one bit. */
const char *tare_inexact_text(uint32_t bit);

/* ---- Errors ------------------------------------------------------------- */

/* The one list of errors: NAME, value and meaning. */
#define TARE_ERRORS(X)                                                                                                 \
    X(NOT_ATTACHED, -1, "tare is not attached to this program's malloc")                                               \
    X(NULL_ARGUMENT, -2, "an argument is NULL that must not be")                                                       \
    X(NOT_OPEN, -3, "this scope is not open: it was closed, its thread has ended, or it never was a scope")            \
    X(WRONG_THREAD, -4, "this is for another thread: the one that opened the scope, or one outside its family")        \
    X(NO_MEMORY, -5, "tare could get no memory from the system")                                                       \
    X(BAD_DOMAIN, -6, "there is no such domain")                                                                       \
    X(BAD_BOUND, -7, "a bound whose low end is above its high end")                                                    \
    X(BUSY, -8, "called inside an allocation or tare_uncounted(), by a signal handler, or after its thread's end")     \
    X(WRONG_DOMAIN, -9, "the scope is of another domain than this function is for")                                    \
    X(NOT_ENTERED, -10, "this thread is not inside the task")                                                          \
    X(ENTERED, -11, "a thread is still inside the task: leave it, on each thread as often as it was entered")          \
    X(TIMEOUT, -12, "the time was over before the work was done")                                                      \
    X(HELD_ELSEWHERE, -13, "this thread holds an exclusive scope already; they nest only as blocks, none by handle")   \
    X(DEADLOCK, -14, "threads waited for an exclusive scope longer than its watchdog allows")                          \
    X(EXECUTOR, -15, "the executor could not make its event loop, or a thread for it")                                 \
    X(CANT_SAVE, -16, "the scope can't be saved to that file; errno says why")                                         \
    X(BAD_FAULT, -17, "nothing could fail like that: n is 0, the probability not from 0 to 1, or no size is left")     \
    X(NO_SITES, -18, "no function is known that has such a name")                                                      \
    X(NO_POINTS, -19, "the block makes no allocation that could fail")                                                 \
    X(UNSTEADY, -20, "a run did not come to the allocation that was to fail: the block is not deterministic")          \
    X(SPOILED, -21, "the block fails by itself, with every allocation succeeding")                                     \
    X(CANT_FORK, -22, "no process could be made for a run; errno says why")                                            \
    X(NO_SUCH_POINT, -23, "the sweep has no such point: TARE_FAULT_REPLAY is of another program, or misspelt")         \
    X(LEFT_EARLY, -24, "a run in this process was left before the end of its block, so the sweep is not whole")

typedef enum tare_error {
#define TARE_ERROR_VALUE_(name, value, text) TARE_ERROR_##name = (value),
    TARE_ERRORS(TARE_ERROR_VALUE_)
#undef TARE_ERROR_VALUE_
        TARE_OK = 0
} tare_error;

/* The meaning of an error, in a sentence that lives forever. Never NULL. */
const char *tare_error_text(int error);

/* ---- Attachment --------------------------------------------------------- */

/*
 * True when an allocation made by the C library just now was seen by tare.
 * False in a program that is run under Valgrind, that brings its own malloc
 * ahead of tare's, or that hides tare's from the C library. Costs about as
 * much as one malloc. Every scope asks this itself when it opens.
 */
bool tare_is_attached(void);

/* How tare got between the program and its allocator, in a word that lives
 * forever: "shared", "preload", "static" or "wrap". Figures depend on it: with
 * --wrap only calls of what was linked in are counted, so libc's are in a fully
 * static program and are not in another. */
const char *tare_link_mode(void);

/* The version of the library that runs, "0.1.0"; lives forever. */
const char *tare_version(void);

/* ---- Scopes ------------------------------------------------------------- */

/*
 * Whose calls a scope counts. What libc itself allocates to make a thread is
 * counted in none: it depends on what threads there were before.
 */
typedef enum tare_domain {
    TARE_THREAD = 0,    /* those of the thread that opened it */
    TARE_FAMILY = 1,    /* those of that thread and of every thread that one of the family starts while the scope is
                           open, by pthread_create, thrd_create or what stands on them; see tare_join_family() */
    TARE_PROCESS = 2,   /* those of every thread. Calls of other threads that run at the very moment of opening,
                           reading or closing fall on either side of it */
    TARE_EXCLUSIVE = 3, /* those of the thread that opened it, while every other waits in its next allocation or
                           deallocation until the scope closes */
    TARE_TASK = 4,      /* those of whatever thread is inside the task; see tare_task_enter(). In block form, those of
                           the thread that runs the block */
} tare_domain;

/*
 * Whether a scope collects sites: the distinct call stacks that allocate, each with
 * what came from it, so that a failure can show them. Without them a call costs a
 * fraction. A scope without them inside one with them costs as much as that.
 */
typedef enum tare_sites {
    TARE_SITES_ON = 0,
    TARE_SITES_OFF = 1,
} tare_sites;

/*
 * The one list of options of a scope: TYPE, NAME, default and meaning. Each is
 * the default where it is 0.
 */
#define TARE_OPTIONS(X)                                                                                                \
    X(const char *, name, 0, "shown in messages; must live as long as the scope; NULL for none")                       \
    X(tare_domain, domain, TARE_THREAD, "whose calls are counted")                                                     \
    X(tare_sites, sites, TARE_SITES_ON, "whether call stacks are collected")                                           \
    X(unsigned, watchdog_ms, 0, "how long other threads wait for an exclusive scope at most; 0 is 10,000")

#define TARE_OPTION_FIELD_(type, name, initially, text) type name TARE_INITIALLY_(initially);

typedef struct tare_options {
    TARE_OPTIONS(TARE_OPTION_FIELD_)
} tare_options;

/* One open measurement. Opaque; never dereference it. A scope that was closed
 * is recognised as such for ever, so using it again is an error and not a
 * crash. */
typedef struct tare_scope tare_scope;

/*
 * tare_open(options...) opens a scope and returns it:
 *
 *     tare_scope *all = tare_open(.name = "all threads", .domain = TARE_PROCESS);
 *
 * Scopes nest, overlap and run in parallel in any number; none costs another
 * anything for each call. Returns NULL on error (NOT_ATTACHED, NO_MEMORY,
 * BAD_DOMAIN, BUSY, HELD_ELSEWHERE). Close it with tare_close(). Opening and
 * closing cost about fifteen pairs of malloc and free.
 */
tare_scope *tare_open_with(const tare_options *options);

/*
 * tare_read() writes what the scope has counted since it was opened or reset.
 * It stays open. leaked_* are then the blocks not freed yet.
 * tare_reset() does that and starts the scope anew: figures from 0, and blocks
 * born before are no longer its own. stats may be NULL.
 * tare_close() does that and ends the scope. stats may be NULL.
 *
 * A thread that ends ends its scopes of the domains TARE_THREAD and
 * TARE_EXCLUSIVE; any other may then read and close them, and nobody can reset
 * them. Scopes of the other domains belong to no thread.
 *
 * Errors: NULL_ARGUMENT, NOT_OPEN, WRONG_THREAD (a scope of one thread, or an
 * exclusive one, belongs to the thread that opened it), BUSY, NO_MEMORY of
 * tare_reset(), ENTERED of tare_close(). *stats is untouched then. And DEADLOCK
 * of tare_close(): the scope is closed and *stats is filled, as inexact.
 */
int tare_read(tare_scope *scope, tare_stats *stats);
int tare_reset(tare_scope *scope, tare_stats *stats);
int tare_close(tare_scope *scope, tare_stats *stats);

/*
 * tare_save() writes what the scope has counted so far, with its call stacks, into a
 * file that must not exist, for `tare report FILE`. The scope stays open. Errors:
 * NULL_ARGUMENT, NOT_OPEN, WRONG_THREAD and BUSY as of tare_read(), and CANT_SAVE with
 * errno set; no file is left then.
 */
int tare_save(tare_scope *scope, const char *path);

/*
 * tare_measure(&stats, options...) { block } runs the block in a scope of its
 * own and fills stats when it is left: at its end, by break, continue, return
 * or goto, and in C++ (or C with -fexceptions) by an exception. A block left
 * by longjmp, pthread_exit or exit fills nothing, and harms no later scope.
 *
 *     tare_measure(&stats, .domain = TARE_PROCESS) { serve(request); }
 *
 * In C++20 names stand in the order of the lists: bounds as in TARE_STATISTICS,
 * then options as in TARE_OPTIONS.
 * In C++ before C++20, which has no options by name, give them in the order of
 * tare_options: tare_measure(&stats, "name", TARE_PROCESS).
 */

/*
 * Families. tare_join_family() waits until every thread of the family but its
 * opener has ended, detached ones too, for timeout_ms at most; below 0 is for
 * ever, 0 only looks. scope may be NULL: the newest family that this thread
 * opened, as by tare_measure(). A thread has ended once its destructors have
 * run. Errors: TIMEOUT, NOT_OPEN, WRONG_DOMAIN, BUSY, WRONG_THREAD (a thread of
 * the family that did not open it would wait for itself).
 *
 *     tare_measure(&stats, .domain = TARE_FAMILY) {
 *         start_workers();
 *         tare_join_family(NULL, 1000);
 *     }
 *
 * Closing a family while threads of it still run is no error: its figures are
 * those up to then.
 */
int tare_join_family(tare_scope *scope, int timeout_ms);

/*
 * Exclusive scopes. Other threads wait inside their next allocation or
 * deallocation, in line, first come first served, and so does a thread that opens
 * an exclusive scope of its own. Opening one waits until no other thread is in a
 * call that began before: some 30 microseconds beside one that allocates, a
 * second at most. Their threads go on within microseconds of the end.
 *
 * A thread that the owner waits for by pthread_join() or thrd_join() goes on in
 * its place, and counts. Blocks nest in blocks of the same thread; the watchdog is
 * that of the outermost. A scope that a jump or a thread's end leaves lets the
 * others go on. If the owner waits for a thread that waits for it in any other
 * way (a mutex around an allocation, a condition, tare_join_family()), all go on
 * when the watchdog's time is over, and closing the scope fails with DEADLOCK, in
 * a message that names both threads and shows where they were. To learn that, the
 * owner is sent a signal the program does not use: a sleep it is in may end early.
 */

/*
 * Tasks. tare_task_enter() makes the calling thread's calls the task's, until
 * it calls tare_task_leave() as often. Any thread may enter, again and again, and
 * several at once; figures add up, and the peak is that of the task as a whole.
 * So one request of a server is measured while others come in between:
 *
 *     request->task = tare_open(.name = "request", .domain = TARE_TASK);
 *     ...
 *     tare_in_task(request->task) { read_more(request); }      in one callback
 *     tare_in_task(request->task) { answer(request); }         in another
 *     tare_close(request->task, &stats);
 *
 * Entering and leaving cost about as much as seven pairs of malloc and free.
 * A task can be closed once no thread is inside; a thread's end leaves it. Errors: NULL_ARGUMENT,
 * NOT_OPEN, WRONG_DOMAIN, BUSY, NO_MEMORY, and NOT_ENTERED of
 * tare_task_leave(). tare_in_task() { block } leaves as tare_measure() does, and
 * must be left on the thread that entered it: in C++ coroutines see
 * <tare/async/coroutine.hpp>.
 */
int tare_task_enter(tare_scope *scope);
int tare_task_leave(tare_scope *scope);

/* Runs function(argument) in a scope of this thread and returns its figures. */
tare_stats tare_measured(void (*function)(void *argument), void *argument);

/* ---- Expectations ------------------------------------------------------- */

/* What a statistic may be. Zero is "anything". Both ends are inclusive. */
typedef struct tare_bound {
    int64_t low;
    int64_t high;
    bool set;
} tare_bound;

static inline tare_bound tare_between(int64_t low, int64_t high)
{
    tare_bound bound = {low, high, true};
    return bound;
}
static inline tare_bound tare_exactly(int64_t value)
{
    return tare_between(value, value);
}
static inline tare_bound tare_at_most(int64_t value)
{
    return tare_between(INT64_MIN, value);
}
static inline tare_bound tare_at_least(int64_t value)
{
    return tare_between(value, INT64_MAX);
}
#define tare_none (tare_exactly(0))

/* A bound for each statistic, by its name, and then the options of the scope. */
typedef struct tare_expectation {
#define TARE_FIELD_(type, name, unit, text) tare_bound name TARE_INITIALLY_(tare_bound());
    TARE_STATISTICS(TARE_FIELD_)
#undef TARE_FIELD_
    TARE_OPTIONS(TARE_OPTION_FIELD_)
} tare_expectation;

/*
 * tare_expect(bounds..., options...) { block } measures the block and fails if
 * a bound is violated when it is left. It prints nothing otherwise.
 *
 *     tare_expect(.allocations = tare_exactly(3), .peak_bytes = tare_at_most(4096)) { ... }
 *
 * The message shows below the figures from which call stacks they came, and where the
 * scope has been saved: into TARE_SAVE_DIR, else TMPDIR, else /tmp, ten of one process at
 * most; none where TARE_SAVE_DIR is set and empty. Leaks that the program says are
 * known do not count: LeakSanitizer's suppressions, in the file that TARE_SUPPRESSIONS
 * names and in what the program's __lsan_default_suppressions() returns. All this is done
 * when an expectation fails and not before: then libtare-explain is loaded.
 *
 * A result that is inexact fails every expectation: it can't be judged.
 * In C++ a block that an exception leaves is not judged. Before C++20, which
 * has no bounds by name, set them in a variable:
 *
 *     tare_expectation e{};
 *     e.allocations = tare_at_most(3);
 *     tare_expect(e) { ... }
 *
 * tare_expect_no_allocations() { block }   no allocation, no reallocation, not even a failed one
 * tare_expect_no_leaks() { block }         every block born in it is freed in it
 * tare_check(&stats, bounds...)            the same for figures one has; true when all hold
 */

/* What went wrong, for the failure handler. Valid only during its call. */
typedef struct tare_failure {
    const char *message;       /* the whole story, several lines, ending in a newline */
    const char *file;          /* where the block or check stands; NULL for a plain function call */
    const char *function;      /* the same */
    int line;                  /* the same; 0 for none */
    int error;                 /* 0 for a violated expectation, else a tare_error */
    const tare_stats *stats;   /* what was measured, less suppressed leaks; NULL for an error */
    const char *snapshot_path; /* where the scope has been saved, for `tare report`; NULL for nowhere */
} tare_failure;

typedef void (*tare_failure_handler)(const tare_failure *failure, void *context);

/*
 * Sets what is called for a violated expectation and for an error, and returns
 * what was called until now through the two pointers, which may be NULL. A
 * NULL handler is the default: print the message on stderr and abort(). The
 * handler is for the whole process and runs on the failing thread with the
 * scope already closed, so it may allocate, longjmp into its test framework
 * and, in C++, throw.
 */
void tare_set_failure_handler(tare_failure_handler handler, void *context, tare_failure_handler *old_handler,
                              void **old_context);

/* ---- What the macros stand on; not for direct use ------------------------ */

typedef struct tare_here_ {
    const char *file;
    const char *function;
    int line;
} tare_here_;

typedef struct tare_measurement_ {
    tare_stats *stats;
    TARE_OPTIONS(TARE_OPTION_FIELD_)
} tare_measurement_;

typedef struct tare_measure_block_ {
    tare_scope *scope; /* NULL where it could not be opened */
    tare_stats *stats;
    tare_here_ here;
    bool running;
} tare_measure_block_;

typedef struct tare_expect_block_ {
    tare_scope *scope; /* NULL where it could not be opened */
    tare_expectation expectation;
    tare_here_ here;
    bool running;
} tare_expect_block_;

typedef struct tare_task_block_ {
    tare_scope *scope; /* NULL where it could not be entered */
    tare_here_ here;
    uint32_t before; /* how often the thread was inside already */
    bool running;
} tare_task_block_;

/* The ends "_quietly_" are for a block that an exception leaves: they tell nothing. */
void tare_task_begin_(tare_task_block_ *block, tare_scope *scope, tare_here_ here);
void tare_task_end_(tare_task_block_ *block);
void tare_task_end_quietly_(tare_task_block_ *block);
void tare_measure_begin_(tare_measure_block_ *block, const tare_measurement_ *measurement, tare_here_ here);
void tare_measure_end_(tare_measure_block_ *block);
void tare_measure_end_quietly_(tare_measure_block_ *block);
void tare_expect_begin_(tare_expect_block_ *block, const tare_expectation *expectation, tare_here_ here);
void tare_expect_end_(tare_expect_block_ *block);
void tare_expect_end_quietly_(tare_expect_block_ *block);
bool tare_check_(const tare_stats *stats, const tare_expectation *expectation, tare_here_ here);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#include <tare/block.hpp>
#else

#define TARE_HERE_ ((tare_here_){__FILE__, __func__, __LINE__})
#define TARE_PASTE_EXPANDED_(a, b) a##b
#define TARE_PASTE_(a, b) TARE_PASTE_EXPANDED_(a, b)

/* A loop that runs once, because a cleanup handler needs a variable and a
 * block needs a head. The counter keeps nested blocks from shadowing. */
#define TARE_BLOCK_(kind, ...) TARE_BLOCK_COUNTED_(kind, __COUNTER__, __VA_ARGS__)
#define TARE_BLOCK_COUNTED_(kind, count, ...)                                                                          \
    TARE_BLOCK_NAMED_(kind, TARE_PASTE_(tare_block_, count), TARE_PASTE_(tare_begun_, count), __VA_ARGS__)
#define TARE_BLOCK_NAMED_(kind, block, begun, ...)                                                                     \
    for (tare_##kind##_block_ block __attribute__((cleanup(tare_##kind##_end_))),                                      \
         *begun = (tare_##kind##_begin_(&block, __VA_ARGS__, TARE_HERE_), &block);                                     \
         begun->running; begun->running = false)

#define tare_open(...) tare_open_with(__extension__ &(tare_options){__VA_ARGS__})
#define tare_measure(...) TARE_BLOCK_(measure, &(tare_measurement_){.stats = __VA_ARGS__})
#define tare_in_task(scope) TARE_BLOCK_(task, scope)
#define tare_expect(...) TARE_BLOCK_(expect, &(tare_expectation){__VA_ARGS__})
#define tare_check(...) TARE_CHECK_(__VA_ARGS__)
#define TARE_CHECK_(stats, ...) tare_check_(stats, &(tare_expectation){__VA_ARGS__}, TARE_HERE_)
#define tare_expect_no_allocations()                                                                                   \
    tare_expect(.allocations = tare_none, .reallocations = tare_none, .failed_allocations = tare_none)
#define tare_expect_no_leaks() tare_expect(.leaked_allocations = tare_none, .leaked_bytes = tare_none)

#endif

#endif
