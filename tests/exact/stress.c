/* SPDX-License-Identifier: MIT */
/*
 * Threads that do anything in any order for a minute: blocks made, resized,
 * freed and handed over; scopes of every domain by handle and in blocks, nested
 * and overlapping, read, reset, closed; tasks entered and left; threads started
 * and joined, inside families and exclusive scopes too, that end inside scopes;
 * jumps; forks. Everybody keeps accounts (stress_accounts.h), and what tare says
 * must agree with them. In the end the whole does, to the digit, and nothing is
 * left: no block, no scope, no memory of tare's that goes on growing.
 *
 *     stress [seconds [seed [noforks]]]
 *
 * It says its seed. Threads make of one seed something else each time, but a
 * failure comes again more often with it than with another.
 */
#include "stress.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "../pitfalls/resident.h"

enum { WORKERS = 5, SECONDS = CHECK_ROUNDS(60), SECONDS_MORE = 40 };

struct worker workers[WORKERS_MAX];
struct task tasks[TASKS];
struct account *of_all;
struct totals totals;
tare_scope *whole;
atomic_uint alive;
atomic_bool stop;
bool forks = true;
__thread int expected_error;

/* ---- A process scope that is reset by all ---------------------------------- */

static pthread_mutex_t parts_mutex = PTHREAD_MUTEX_INITIALIZER;
static tare_scope *parts;
static int64_t parts_sum[RISING];

static void add_part(const tare_stats *stats)
{
    int64_t figures[RISING];
    rising_of(stats, figures);
    CHECK_EQUAL(stats->inexact, 0);
    CHECK((int64_t)stats->leaked_allocations >= 0);
    for (int i = 0; i < RISING; i++)
        parts_sum[i] += figures[i];
}

static void parts_step(void)
{
    tare_stats stats;
    pthread_mutex_lock(&parts_mutex);
    CHECK_EQUAL(tare_reset(parts, &stats), 0);
    add_part(&stats);
    pthread_mutex_unlock(&parts_mutex);
    atomic_fetch_add(&totals.shared_eras, 1);
}

/* ---- Jumps -------------------------------------------------------------- */

static void jump(struct worker *worker)
{
    longjmp(*worker->outside, 1);
}

/* What was left is noticed where the next block opens. */
static __attribute__((noinline)) void jump_out(struct worker *worker)
{
    jmp_buf here, *volatile outer = worker->outside;
    volatile bool was_calm = worker->calm;
    volatile int depth = worker->depth;
    volatile unsigned number = any_of(worker, 2 * TASKS);
    volatile unsigned entered = worker->entered[number % TASKS], floor = worker->floor[number % TASKS];
    if (setjmp(here) == 0) {
        if (number < TASKS)
            run_in_task(worker, number, (worker->outside = &here, jump));
        else
            run_block(worker, (tare_domain)any_of(worker, TARE_TASK + 1), (worker->outside = &here, jump));
    }
    tare_stats stats;
    tare_measure(&stats) {
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations + stats.deallocations, 0);
    worker->outside = outer;
    worker->depth = depth;
    if (number < TASKS)
        task_was_left(worker, number, entered, floor);
    else
        block_was_left(worker, was_calm);
    atomic_fetch_add(&totals.jumps, 1);
}

/* ---- Threads ------------------------------------------------------------ */

struct worker *worker_take(uint64_t random)
{
    for (unsigned i = 0; i < WORKERS_MAX; i++) {
        bool free = false;
        if (!atomic_compare_exchange_strong(&workers[i].taken, &free, true))
            continue;
        struct worker *worker = &workers[i];
        memset((char *)worker + offsetof(struct worker, number), 0, sizeof *worker - offsetof(struct worker, number));
        worker->number = i;
        worker->random = random | 1;
        worker->doing = "beginning";
        in_add(worker, of_all);
        return worker;
    }
    CHECK(false); /* too many threads */
    return NULL;
}

void worker_give(struct worker *worker)
{
    while (worker->in_count > 0)
        in_remove(worker, worker->in[worker->in_count - 1]);
    worker->doing = NULL;
    worker->taken = false;
    atomic_fetch_sub(&alive, 1);
}

/* What a thread still has to do before its end. */
static void finish(struct worker *worker)
{
    worker->doing = "finishing";
    blocks_end(worker);
    if (worker->detached || worker->ending != LEAVES_HANDLES) {
        handles_close(worker, false);
        tasks_leave(worker);
        return;
    }
    for (unsigned number = 0; number < TASKS; number++) { /* its end leaves them */
        pthread_mutex_lock(&tasks[number].mutex);
        tasks[number].inside -= worker->entered[number];
        tasks[number].reserved += worker->entered[number];
        pthread_mutex_unlock(&tasks[number].mutex);
    }
}

static void exit_thread(struct worker *worker)
{
    finish(worker);
    block_was_left(worker, false);
    if (worker->detached)
        worker_give(worker);
    pthread_exit(NULL);
}

static void *be_worker(void *argument)
{
    struct worker *worker = argument;
    steps(worker, worker->steps);
    if (worker->ending == EXITS_IN_BLOCK)
        run_block(worker, (tare_domain)any_of(worker, TARE_TASK + 1), exit_thread);
    finish(worker);
    if (worker->detached)
        worker_give(worker);
    return NULL;
}

/* What a thread that is gone has left to the one that joined it. */
static void take_over(struct worker *worker)
{
    for (unsigned number = 0; number < TASKS; number++) {
        if (worker->ending != LEAVES_HANDLES)
            continue;
        pthread_mutex_lock(&tasks[number].mutex);
        tasks[number].reserved -= worker->entered[number];
        pthread_mutex_unlock(&tasks[number].mutex);
    }
    handles_close(worker, true);
    worker_give(worker);
}

/* Families count what their threads start; exclusive scopes what their owner waits for. */
static void inherit(const struct worker *parent, struct worker *child)
{
    for (int i = 1; i < parent->in_count; i++) {
        struct account *account = parent->in[i];
        bool family = account->domain == TARE_FAMILY && !account->closed;
        bool exclusive = account->domain == TARE_EXCLUSIVE && child->is_guest;
        if (!family && !exclusive)
            continue;
        account->shared = true;
        in_add(child, account);
    }
}

void start_thread(struct worker *parent)
{
    if (parent->in_count > BIRTHS_MAX / 2)
        return;
    if (atomic_fetch_add(&alive, 1) >= ALIVE_MAX) {
        atomic_fetch_sub(&alive, 1);
        return;
    }
    struct worker *child = worker_take(next_random(parent));
    child->steps = any_of(parent, 120);
    child->detached = any_of(parent, 3) == 0;
    child->ending = (enum ending)any_of(parent, ENDINGS);
    child->is_guest = child->calm = parent->calm && !child->detached;
    inherit(parent, child);
    bool joins = !child->detached; /* a detached one may be gone soon */
    pthread_attr_t attributes;
    CHECK(pthread_attr_init(&attributes) == 0);
    if (!joins)
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, &attributes, be_worker, child), 0);
    pthread_attr_destroy(&attributes);
    atomic_fetch_add(&totals.threads, 1);
    if (!joins)
        return;
    steps(parent, any_of(parent, 8));
    parent->doing = "joining";
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    take_over(child);
}

/* ---- Steps -------------------------------------------------------------- */

static void block_step(struct worker *worker, unsigned what)
{
    static const tare_domain domains[] = {TARE_THREAD, TARE_THREAD, TARE_FAMILY, TARE_FAMILY, TARE_PROCESS, TARE_TASK};
    if (worker->depth >= DEPTH_MAX || worker->in_count > BIRTHS_MAX / 2)
        return;
    if (what < 6)
        run_block(worker, domains[what], NULL);
    else if (what < 7)
        run_block(worker, TARE_EXCLUSIVE, NULL);
    else if (worker->alone)
        return;
    else if (what < 11)
        run_in_task(worker, any_of(worker, TASKS), NULL);
    else if (what < 14)
        start_thread(worker);
    else
        jump_out(worker);
}

static void step(struct worker *worker)
{
    unsigned what = any_of(worker, 200);
    if (what < 150) {
        worker->doing = "allocating";
        blocks_step(worker);
    } else if (what < 170) {
        worker->doing = "using a handle";
        handles_step(worker);
    } else if (what < 184) {
        worker->doing = "in a block";
        block_step(worker, what - 170);
    } else if (worker->alone) {
        return;
    } else if (what < 197) {
        worker->doing = "using a task";
        tasks_step(worker);
    } else if (what < 199) {
        worker->doing = "resetting";
        parts_step();
    } else if (forks && any_of(worker, 8) == 0) {
        worker->doing = "forking";
        fork_and_wait(worker);
    } else if (worker->depth < DEPTH_MAX) {
        worker->doing = "jumping";
        jump_out(worker);
    }
}

void steps(struct worker *worker, unsigned count)
{
    worker->depth++;
    for (unsigned i = 0; i < count && !stop; i++)
        step(worker);
    worker->depth--;
}

/* ---- The whole ---------------------------------------------------------- */

static void handle_failure(const tare_failure *failure, void *context)
{
    (void)context;
    if (failure->error == expected_error && failure->error != 0) {
        expected_error = 0;
        return;
    }
    if (write(2, failure->message, strlen(failure->message)) > 0)
        abort();
    abort();
}

static void be_late(int signal)
{
    (void)signal;
    SAY(2, "it hangs:\n");
    for (int i = 0; i < WORKERS_MAX; i++)
        if (workers[i].taken)
            SAY(2, "thread %d: %s%s%s%s\n", i, workers[i].doing, workers[i].calm ? ", calm" : "",
                workers[i].is_guest ? ", a guest" : "", workers[i].detached ? ", detached" : "");
    abort();
}

static void *exit_at_once(void *unused)
{
    pthread_exit(unused); /* libc loads the unwinder for the first */
}

static void warm_up(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, exit_at_once, NULL) == 0 && pthread_join(thread, NULL) == 0);
    mallopt(M_ARENA_MAX, 2); /* what libc keeps is not the question here */
    mallopt(M_TRIM_THRESHOLD, 0);
}

static void start_workers(struct worker **all, uint64_t seed)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        atomic_fetch_add(&alive, 1);
        struct worker *worker = worker_take(seed * 0x9e3779b97f4a7c15u + i * 0x2545f4914f6cdd1du);
        worker->steps = UINT32_MAX;
        CHECK(pthread_create(&worker->thread, NULL, be_worker, worker) == 0);
        all[i] = worker;
    }
}

/* Scopes over several threads that a jump, a fork or half a call made inexact keep their
 * births for good, with the sites of those. */
static void check_resident(size_t early, uint64_t eras_early)
{
    size_t late = resident_bytes();
    uint64_t eras = totals.shared_eras - eras_early;
    SAY(1, "resident: %zu kB, in the end %zu kB; %ju scopes over several threads in between\n", early / 1024,
        late / 1024, (uintmax_t)eras);
    CHECK(late < early + 8 * 1024 * 1024 + 6000 * eras);
}

static void check_whole(void)
{
    tare_stats stats, part;
    struct look low = account_low(of_all);
    CHECK_EQUAL(tare_close(parts, &part), 0);
    CHECK_EQUAL(tare_close(whole, &stats), 0);
    struct look high = account_high(of_all);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK(account_check(of_all, &low, &high, &stats, true)); /* to the digit */
    CHECK_EQUAL(stats.leaked_allocations, 0);
    CHECK_EQUAL(stats.leaked_bytes, 0);
    add_part(&part);
    for (int i = 0; i < RISING; i++)
        CHECK_EQUAL(parts_sum[i], low.figures[i]);
}

static void print_totals(void)
{
    SAY(1,
        "%ju calls; %ju results to the digit, %ju in bounds, %ju refused; opened %ju thread, %ju family, "
        "%ju process, %ju exclusive, %ju task; %ju entries, %ju threads, %ju forks, %ju jumps\n",
        (uintmax_t)totals.calls, (uintmax_t)totals.exact, (uintmax_t)totals.bounded, (uintmax_t)totals.refused,
        (uintmax_t)totals.opened[TARE_THREAD], (uintmax_t)totals.opened[TARE_FAMILY],
        (uintmax_t)totals.opened[TARE_PROCESS], (uintmax_t)totals.opened[TARE_EXCLUSIVE],
        (uintmax_t)totals.opened[TARE_TASK], (uintmax_t)totals.entered, (uintmax_t)totals.threads,
        (uintmax_t)totals.forks, (uintmax_t)totals.jumps);
}

int main(int argc, char **argv)
{
    unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : SECONDS;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
    forks = argc <= 3 && !CHECK_SANITIZED; /* in whose children the allocator may be locked, or threads lost */
    SAY(1, "seed %ju, %u seconds\n", (uintmax_t)seed, seconds);
    signal(SIGALRM, be_late);
    alarm(seconds + SECONDS_MORE);
    tare_set_failure_handler(handle_failure, NULL, NULL, NULL);
    for (int i = 0; i < TASKS; i++)
        pthread_mutex_init(&tasks[i].mutex, NULL);
    warm_up();
    of_all = account_new(TARE_PROCESS);
    whole = tare_open(.domain = TARE_PROCESS, .name = "whole");
    parts = tare_open(.domain = TARE_PROCESS, .name = "parts");
    struct worker *all[WORKERS];
    start_workers(all, seed);
    struct worker *mine = worker_take(seed);
    atomic_fetch_add(&alive, 1);
    sleep(seconds / 6);
    size_t early = resident_bytes();
    uint64_t eras_early = totals.shared_eras, calls_early = totals.calls;
    sleep(seconds - seconds / 6 - seconds / 6);
    uint64_t calls_late = totals.calls;
    sleep(seconds / 6);
    SAY(1, "%ju calls in the first sixth, %ju in the last\n", (uintmax_t)calls_early,
        (uintmax_t)(totals.calls - calls_late));
    print_totals();
    check_resident(early, eras_early);
    stop = true;
    for (int i = 0; i < WORKERS; i++) {
        CHECK(pthread_join(all[i]->thread, NULL) == 0);
        take_over(all[i]);
    }
    while (alive > 1)
        sched_yield();
    table_end(mine);
    tasks_close(mine);
    worker_give(mine);
    check_whole();
    check_handles_bounded();
    return 0;
}
