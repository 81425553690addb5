/* SPDX-License-Identifier: MIT */
/* What the files of the randomised stress share: its threads and their steps. */
#ifndef STRESS_H
#define STRESS_H

#include <pthread.h>
#include <setjmp.h>

#include "check.h"
#include "stress_accounts.h"

enum {
    WORKERS_MAX = 128,
    ALIVE_MAX = 14,
    BLOCKS = 24,
    HANDLES = 8,
    TASKS = 4,
    TABLE = 32,
    DEPTH_MAX = 3,
    CHILD_SECONDS_MAX = 60,
    WATCHDOG_MS = 60000
};

/* A scope by handle. */
struct handle {
    tare_scope *scope; /* NULL for none */
    struct account *account;
    struct look low_open, high_open; /* of a scope over the process: the account of all when it was opened */
    unsigned entered;                /* of a task that is this thread's own */
};

/* How a thread that a worker starts ends. */
enum ending { RETURNS, LEAVES_HANDLES, EXITS_IN_BLOCK, ENDINGS };

struct worker {
    pthread_t thread;
    atomic_bool taken;
    unsigned number, steps;
    uint64_t random;
    const char *doing;
    bool calm;     /* it holds an exclusive scope, or goes on in the place of one who does: it waits for nobody else */
    bool is_guest; /* the latter */
    bool alone;    /* in a child of fork: what others held stays held */
    bool detached;
    enum ending ending;
    int depth;
    struct account *in[BIRTHS_MAX]; /* what counts its calls; the first is that of all */
    int in_count;
    struct block *blocks[BLOCKS];
    struct handle handles[HANDLES];
    unsigned entered[TASKS]; /* how often it is inside the tasks of all */
    unsigned floor[TASKS];   /* of that, by blocks that are still open */
    jmp_buf *outside;        /* where the innermost jump goes to */
    struct account *leaving; /* that of the block that is left without its end */
};

struct task {
    pthread_mutex_t mutex; /* never held in a call that may wait at the gate */
    tare_scope *scope;
    struct account *account;
    unsigned inside, reserved; /* entries; and those that may be there or not */
};

struct totals {
    atomic_uint_fast64_t calls, exact, bounded, opened[5], shared_eras, threads, forks, jumps, entered, refused;
};

extern struct worker workers[WORKERS_MAX];
extern struct task tasks[TASKS];
extern struct account *of_all;
extern struct totals totals;
extern tare_scope *whole; /* open all the time */
extern atomic_uint alive;
extern atomic_bool stop;
extern bool forks;

/* The next error of the calling thread that is no failure of the test. */
extern __thread int expected_error;

static inline uint64_t next_random(struct worker *worker)
{
    worker->random ^= worker->random << 13;
    worker->random ^= worker->random >> 7;
    worker->random ^= worker->random << 17;
    return worker->random * 0x2545f4914f6cdd1du >> 16;
}

static inline unsigned any_of(struct worker *worker, unsigned count)
{
    return (unsigned)(next_random(worker) % count);
}

/* ---- stress_blocks.c ---------------------------------------------------- */

void in_add(struct worker *worker, struct account *account);
void in_remove(struct worker *worker, struct account *account);
void blocks_step(struct worker *worker);
void blocks_end(struct worker *worker);
void table_end(struct worker *worker);

/* ---- stress_scopes.c ---------------------------------------------------- */

void note_opening(tare_scope *scope, tare_domain domain);
void note_closing(void);
void check_handles_bounded(void);

/* Checks a result between two looks at its account. */
void judge(const struct worker *worker, struct account *account, const struct look *low, const struct look *high,
           const tare_stats *stats, bool leaks);

void handles_step(struct worker *worker);
void handles_close(struct worker *worker, bool of_ended);
void tasks_step(struct worker *worker);
void tasks_leave(struct worker *worker);
void tasks_close(struct worker *worker);

/* A block in which the worker takes some steps. `last`, where it is not NULL, is
 * called at its end and does not return; then the other function notes that. */
void run_block(struct worker *worker, tare_domain domain, void (*last)(struct worker *worker));
void block_was_left(struct worker *worker, bool was_calm);

void run_in_task(struct worker *worker, unsigned number, void (*last)(struct worker *worker));
void task_was_left(struct worker *worker, unsigned number, unsigned entered, unsigned floor);

/* ---- stress_processes.c ------------------------------------------------- */

void fork_and_wait(struct worker *worker);

/* ---- stress.c ----------------------------------------------------------- */

struct worker *worker_take(uint64_t random);
void worker_give(struct worker *worker);
void steps(struct worker *worker, unsigned count);
void start_thread(struct worker *worker);

#endif
