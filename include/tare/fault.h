/* SPDX-License-Identifier: MIT */
#ifndef TARE_FAULT_H
#define TARE_FAULT_H

/*
 * Have allocations fail: does this piece of C or C++ survive it?
 *
 *     tare_fault_sweep() {
 *         int error = parse(input);
 *         tare_fault_check(error == 0 || errno == ENOMEM);
 *     }
 *
 * runs the block again and again, each time with another of its allocations failing, and
 * fails, with call stacks, where a run crashes, hangs, leaks, frees twice, or breaks a check.
 * Single failures are tare_fail_nth(), tare_fail_sites(), tare_fail_over() and
 * tare_fail_random(). The guide is docs/faults.md.
 *
 * What fails. A call of the scope's domain that asks for a block, or for more room for one: every
 * function of malloc's family as its manual says, with errno ENOMEM; a wrapped allocator
 * (<tare/allocator.h>) by NULL. realloc and its kin leave the block as it is. In C++ new throws
 * std::bad_alloc, after the new_handler, if there is one, has had its chance; new (std::nothrow)
 * returns NULL. A failed call counts in failed_allocations and nowhere else.
 *
 * What does not. Calls in tare_no_faults() and tare_uncounted(); a thread past its end; a process that the block
 * forks; and, unless .everywhere is set, what the loader asks for, for thread-local variables
 * (TLS), and the look-up of users and hosts by name (NSS): libc itself crashes or ends the program without
 * that (glibc 2.36). Such calls have no ordinal. A sweep lists them apart.
 *
 * The n-th allocation is the n-th call that could fail, from 1: of all threads in the
 * domain, in the order they come. A process that has no fault scope open pays nothing; in one,
 * a call costs some 100 ns more.
 */

#include <tare/tare.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* ---- Single failures ----------------------------------------------------- */

/*
 * The one list of options of all that has allocations fail: TYPE, NAME, default and meaning.
 * Each is the default where it is 0.
 */
#define TARE_FAULT_OPTIONS(X)                                                                                          \
    X(const char *, name, 0, "shown in messages; must live as long as the block; NULL for none")                       \
    X(tare_domain, domain, TARE_THREAD, "whose allocations fail")                                                      \
    X(uint64_t, in_a_row, 0, "how many fail from the one that was meant on; 0 is 1, TARE_FAULT_FOREVER all")           \
    X(size_t, size_low, 0, "only calls for so many bytes or more fail, and have an ordinal")                           \
    X(size_t, size_high, 0, "only calls for so many bytes or fewer; 0 is any number")                                  \
    X(bool, everywhere, 0, "also what the loader, TLS and NSS ask for")

#define TARE_FAULT_FOREVER UINT64_MAX

typedef struct tare_fault_options {
    TARE_FAULT_OPTIONS(TARE_OPTION_FIELD_)
} tare_fault_options;

/*
 * Blocks in which allocations fail; each takes options after its arguments.
 *
 *     tare_fail_nth(n) { }                   the n-th, from 1; with .in_a_row = k also the k - 1 after it
 *     tare_fail_sites("parse*") { }          each that a function of such a name is among the callers of; '*' stands
 * for anything. C++ names may be given as "ns::name(int)", without the parameters, or as they are mangled. What the
 * compiler has inlined is found where there is debug information tare_fail_over(bytes) { }              each by which
 * more than so many bytes would be live that the block allocated: a quota. By two threads at once it may be exceeded
 *     tare_fail_random(probability, seed) { } each with a probability from 0 to 1; the same ones for the same seed
 *
 * They nest; where several are open a call fails if one of them says so. Errors: BAD_FAULT for n = 0, a
 * probability outside of 0 to 1, or sizes of which none is allowed; NO_SITES where no function has such a name, or
 * names can't be had (a static program, or no libtare-explain); and those of tare_open(). Then nothing fails.
 */

/*
 * tare_no_faults() { block }: no allocation of this thread fails in there, nor is it counted as one that could: what
 * the test does for itself, or what is known not to bear it. It must be left on the stack it was entered on; where a
 * jump leaves it, it ends with the thread's next allocation from a function further out.
 */

/* How many calls have failed so far in the innermost block of this thread's that has some fail, a sweep's run
 * included; outside of any, in the last one that has ended. */
uint64_t tare_fault_fired(void);

/* Does nothing. It is called for each failure, by the call that fails: a place for a breakpoint. */
void tare_fault_here(void);

/* ---- Sweeps -------------------------------------------------------------- */

/* Which allocations of the block are points, and how each is run. */
typedef enum tare_fault_points {
    TARE_FAULT_STACKS = 0,      /* one for each distinct call stack: the first allocation from there */
    TARE_FAULT_ALLOCATIONS = 1, /* each allocation */
} tare_fault_points;

typedef enum tare_fault_mode {
    TARE_FAULT_ONCE_AND_FOREVER = 0, /* two runs for each point: these two */
    TARE_FAULT_ONCE = 1,             /* it fails, or .in_a_row from it on, and all others succeed */
    TARE_FAULT_FROM_THERE_ON = 2,    /* it fails, and every one after it */
} tare_fault_mode;

typedef enum tare_fault_isolation {
    TARE_FAULT_BY_FORK = 0,    /* each run in a process of its own */
    TARE_FAULT_IN_PROCESS = 1, /* all in this one */
} tare_fault_isolation;

/*
 * The one list of what comes of a run: NAME, field and meaning. Where several are true it is the first of
 * them, but for passed.
 */
#define TARE_FAULT_VERDICTS(X)                                                                                         \
    X(PASSED, passed, "nothing is wrong")                                                                              \
    X(CRASHED, crashed, "killed by a signal")                                                                          \
    X(HUNG, hung, "not done within the time limit")                                                                    \
    X(LEAKED, leaked, "left blocks that the unharmed run does not leave")                                              \
    X(DOUBLE_FREE, double_free, "freed or resized what was no block, or not any more")                                 \
    X(WRONG_SUCCESS, wrong_success, "says that all went well")                                                         \
    X(FAILED, failed, "a check of the test's did not hold, or the block ended the process")                            \
    X(NOT_REACHED, not_reached, "did not come to this point again: the block is not deterministic")

/* The whole of a sweep. Counts but for the first five are of runs. */
typedef struct tare_fault_result {
    uint64_t allocations; /* of the unharmed run, which could fail */
    uint64_t stacks;      /* from so many call stacks */
    uint64_t points;      /* that were run */
    uint64_t left_out;    /* and those that were not, for the limit */
    uint64_t apart;       /* call stacks of the loader's, of TLS and of NSS, which were not run either */
    uint64_t runs;
#define TARE_VERDICT_FIELD_(name, field, text) uint64_t field;
    TARE_FAULT_VERDICTS(TARE_VERDICT_FIELD_)
#undef TARE_VERDICT_FIELD_
} tare_fault_result;

/* The options of a sweep besides those above. */
#define TARE_SWEEP_OPTIONS(X)                                                                                          \
    X(tare_fault_points, points, TARE_FAULT_STACKS, "which allocations are points")                                    \
    X(tare_fault_mode, mode, TARE_FAULT_ONCE_AND_FOREVER, "how each is run")                                           \
    X(tare_fault_isolation, isolation, TARE_FAULT_BY_FORK, "where each is run")                                        \
    X(unsigned, timeout_ms, 0, "how long a run may take, by fork; 0 is 10,000")                                        \
    X(uint64_t, limit, 0, "at most so many points, an even sample of all; the result says how many; 0 is all")         \
    X(bool, leaks_allowed, 0, "leaks are no failure")                                                                  \
    X(tare_fault_result *, result, 0, "filled in before a failure is told; NULL for none")

typedef struct tare_sweep_options {
    TARE_FAULT_OPTIONS(TARE_OPTION_FIELD_)
    TARE_SWEEP_OPTIONS(TARE_OPTION_FIELD_)
} tare_sweep_options;

/*
 * tare_fault_sweep(options...) { block } makes the block's points known by a run in which nothing fails, runs
 * it once more for each point and mode, and then once more in this process with nothing failing, so that
 * what the block does is done. By fork, every other run is in a child of its own that starts from what the process
 * was before the block, has its standard output and error discarded, and ends where the block ends,
 * however it is left: by its end, break, return, goto or an exception. A thread that
 * runs already is not in the child; where the block needs one, take TARE_FAULT_IN_PROCESS. There the
 * block must come to its end, a crash is one, and nothing stops a run that hangs; one thread at a time sweeps so.
 *
 * A run that was not as it should be is a failure like that of an expectation: one message for all of them, by call
 * stacks, each with a command that runs just that again and one that stops there in gdb. The first stands on
 *
 *     TARE_FAULT_REPLAY=FILE:LINE:ID:once (or :forever)
 *
 * in the environment: the sweep at that place then has this one run and no other, in the process itself. IDs are
 * the same in every run of the same program and libraries.
 *
 * A leak is what the unharmed run does not leave, by call stack. A run that an exception leaves is not judged
 * for leaks: what it carries is a block that lives. So catch it in the block.
 *
 * Errors: BAD_FAULT; NO_POINTS where the block allocates nothing; UNSTEADY where
 * some run did not come to its point (a failure's message says which); SPOILED where the block fails by itself,
 * with nothing failing; CANT_FORK; NO_SUCH_POINT of a replay; LEFT_EARLY where a run in
 * this process was left before its end; and those of tare_open(). The block then runs unharmed.
 */

/*
 * tare_fault_check(condition)       in a sweep's run: the condition holds whatever fails. Else the run has FAILED, and
 *                                   goes on. Outside of a run it is a failure at once, like that of an expectation.
 * tare_fault_succeeded(condition)   says whether the code thinks that all went well: in a run with a failure a
 *                                   WRONG_SUCCESS if it does; where nothing fails, FAILED if it does not
 * Both return the condition.
 */

/* ---- What the macros stand on; not for direct use ------------------------ */

typedef enum tare_fail_kind_ { TARE_FAIL_NTH_, TARE_FAIL_SITES_, TARE_FAIL_OVER_, TARE_FAIL_RANDOM_ } tare_fail_kind_;

typedef struct tare_fail_ {
    tare_fail_kind_ kind TARE_INITIALLY_(TARE_FAIL_NTH_);
    double probability TARE_INITIALLY_(0);
    const char *pattern TARE_INITIALLY_(0);
    uint64_t number TARE_INITIALLY_(0); /* n, bytes or seed */
    TARE_FAULT_OPTIONS(TARE_OPTION_FIELD_)
} tare_fail_;

typedef struct tare_fail_block_ {
    tare_scope *scope; /* NULL where it could not be opened */
    tare_here_ here;
    bool running;
} tare_fail_block_;

typedef struct tare_spared_block_ {
    uintptr_t before;
    tare_here_ here;
    bool running;
} tare_spared_block_;

typedef struct tare_sweep_block_ {
    tare_scope *scope; /* of the run under way; NULL for none */
    struct tare_sweep_ *sweep;
    tare_sweep_options options;
    tare_here_ here;
    bool running;
} tare_sweep_block_;

void tare_fail_begin_(tare_fail_block_ *block, const tare_fail_ *what, tare_here_ here);
void tare_fail_end_(tare_fail_block_ *block);
void tare_spared_begin_(tare_spared_block_ *block, int unused, tare_here_ here);
void tare_spared_end_(tare_spared_block_ *block);
void tare_sweep_begin_(tare_sweep_block_ *block, const tare_sweep_options *options, tare_here_ here);
void tare_sweep_next_(tare_sweep_block_ *block);
void tare_sweep_end_(tare_sweep_block_ *block);
void tare_sweep_end_quietly_(tare_sweep_block_ *block); /* for a block that an exception leaves */
bool tare_fault_check_(bool holds, bool is_success, const char *condition, tare_here_ here);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#include <tare/fault_block.hpp>
#else

#define tare_fail_nth(...) TARE_BLOCK_(fail, __extension__ &(tare_fail_){.kind = TARE_FAIL_NTH_, .number = __VA_ARGS__})
#define tare_fail_sites(...)                                                                                           \
    TARE_BLOCK_(fail, __extension__ &(tare_fail_){.kind = TARE_FAIL_SITES_, .pattern = __VA_ARGS__})
#define tare_fail_over(...)                                                                                            \
    TARE_BLOCK_(fail, __extension__ &(tare_fail_){.kind = TARE_FAIL_OVER_, .number = __VA_ARGS__})
#define tare_fail_random(probability_, ...)                                                                            \
    TARE_BLOCK_(fail, __extension__ &(tare_fail_){                                                                     \
                          .kind = TARE_FAIL_RANDOM_, .probability = (probability_), .number = __VA_ARGS__})
#define tare_no_faults() TARE_BLOCK_(spared, 0)

#define tare_fault_sweep(...) TARE_SWEEP_COUNTED_(__COUNTER__, __VA_ARGS__)
#define TARE_SWEEP_COUNTED_(count, ...)                                                                                \
    TARE_SWEEP_NAMED_(TARE_PASTE_(tare_block_, count), TARE_PASTE_(tare_begun_, count), __VA_ARGS__)
#define TARE_SWEEP_NAMED_(block, begun, ...)                                                                           \
    for (tare_sweep_block_ block __attribute__((cleanup(tare_sweep_end_))),                                            \
         *begun = (tare_sweep_begin_(&block, __extension__ & (tare_sweep_options){__VA_ARGS__}, TARE_HERE_), &block);  \
         begun->running; tare_sweep_next_(begun))

#endif

#define tare_fault_check(condition) tare_fault_check_((condition) ? true : false, false, #condition, TARE_HERE_)
#define tare_fault_succeeded(condition) tare_fault_check_((condition) ? true : false, true, #condition, TARE_HERE_)

#endif
