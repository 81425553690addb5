/* SPDX-License-Identifier: MIT */
/*
 * Threads as tare knows them, and the way into a measured call.
 *
 * A thread-local pointer, the only thread-local tare has, leads to the thread's
 * hot line: all that a call needs to know, in one cache line. The line is wiped
 * by fork, so a child finds mode 0 there, however it was made, and takes the
 * slow path once. A thread that was never seen has the same mode 0, by pointing
 * at a line that belongs to nobody.
 *
 * Registry: every thread's record, in slabs that are never given back. A record
 * outlives its thread and is taken over by the next. One lock guards it and all
 * that opens, closes and attaches; no call on the hot path takes it.
 */
#ifndef TARE__THREAD_H
#define TARE__THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "compiler.h"
#include "lock.h"
#include "store.h"

struct tare__scope;
struct tare__attachment;
struct tare__era;
struct tare__kept_message;
struct tare__last_walk;

#define TARE__LAST_WALKS 16u

enum tare__mode {
    TARE__MODE_NONE = 0, /* not known yet, or in a child that fork just made */
    TARE__MODE_IDLE,     /* no scope attached: remember sizes, count nothing */
    TARE__MODE_COUNTING, /* scopes of this thread attached */
    TARE__MODE_SHARED,   /* scopes over several threads attached, too */
    TARE__MODE_SITES,    /* any of these two, and sites are collected */
    TARE__MODE_GENERAL,  /* any of these, with an allocator or at a time that needs care for each call */
    TARE__MODE_BUSY,     /* tare itself is at work */
    TARE__MODE_STALE,    /* the set of scopes changed, or a vfork is under way: look before the next call */
    TARE__MODE_LATE      /* the line of all threads that are past their end */
};

/* Values of `guard` besides 0 (nobody) and the stack address of the outermost
 * call in progress. malloc and free themselves, when glibc does the work, set no
 * guard, because no call can nest in theirs; while they record, the counters'
 * `recording` stands in for it. */
enum {
    TARE__GUARD_OWN = 1,    /* tare itself is at work */
    TARE__GUARD_CANARY = 2, /* tare is trying whether it is attached */
    TARE__GUARD_LIBC = 3    /* tare has called a function that may allocate for it */
};

/* Set in the address, which is even, while the call is in a function of the
 * program's (wrapped.c): what allocates in there is no signal handler. */
#define TARE__GUARD_CALLEE 1u

/* Tare itself is at work, in one way or another. */
static inline bool tare__guard_is_own(uintptr_t guard)
{
    return guard != 0 && guard <= TARE__GUARD_LIBC;
}

static inline bool tare__guard_is_callee(uintptr_t guard)
{
    return guard > TARE__GUARD_LIBC && (guard & TARE__GUARD_CALLEE) != 0;
}

/* A net over several threads, as one of those adds to it. */
struct tare__share {
    struct tare__shared *sum;
    struct tare__share *next;
};

struct tare__hot {
    uint32_t mode;  /* enum tare__mode; others set it to STALE at any time */
    uint32_t birth; /* of blocks made now */
    uintptr_t guard;
    struct tare__counters *counters;
    struct tare__share *shares; /* what its calls add to besides; NULL where no scope spans threads */
    uint64_t *histogram;        /* NULL outside a recorded run */
    struct tare__thread *thread;
    struct tare__era *only_era; /* of its scope, where it has just one; else NULL */
    const void *last;           /* the block it made last in these scopes, with a site; NULL once that is gone */
} __attribute__((aligned(64)));

/* A thread's place in the line before the gate (gate.h). */
struct tare__turn {
    struct tare__turn *next;
    struct tare__thread *thread;
    uint64_t since_ns;
    uintptr_t frame;      /* of the function that waits to shut the gate itself; 0 for a call */
    unsigned watchdog_ms; /* of the scope that it will open */
    uint32_t granted;     /* a futex */
    bool queued;
};

struct tare__thread {
    struct tare__hot *hot;
    struct tare__counters *counters; /* a slot of the store, or own */
    struct tare__slot *slot;         /* NULL where counters are own */
    struct tare__attachment *attachments;
    struct tare__scope *blocks; /* open scopes in block form, the newest first */
    uint32_t taken;             /* 0 free; atomic, taken without the lock */
    uint32_t next_walk;         /* of last_walks, to be driven out */
    struct tare__turn turn;
    pthread_t self;
    int id;         /* the kernel's; of a thread that has shut the gate */
    bool making;    /* inside pthread_create or the like */
    bool sites;     /* one of its scopes collects sites */
    bool faults;    /* one of its scopes has allocations fail */
    bool exclusive; /* one of its scopes is, and shuts the gate */
    bool canary_seen;
    uintptr_t reaping;   /* the frame of pthread_join or the like in progress, where libc frees; else 0 */
    unsigned end_rounds; /* of key destructors that have passed */
    int vfork_pid;       /* the pid that called vfork and may be its own child now; 0 for none */
    uintptr_t spared;    /* of tare_no_faults(): calls of frames below do not fail; 0 for none */
    uint64_t last_fired; /* how often they did, in the last of those scopes that has ended */
    union {
        void *(*posix)(void *argument);
        int (*c11)(void *argument);
    } start; /* of one made by a thread of a family */
    void *start_argument;
    uint64_t scope_id;                                    /* of the one opened last of its scopes */
    uintptr_t canary_frame;                               /* of the function that sends it */
    struct tare__last_walk *last_walks[TARE__LAST_WALKS]; /* kept with the record, not with the thread (callstack.c) */
    struct tare__kept_message *messages;                  /* of its failures; its own */
    char canary[16];                                      /* what a canary allocation is given */
    struct tare__counters own;
};

extern __thread struct tare__hot *tare__self __attribute__((tls_model("initial-exec"), visibility("hidden")));
extern tare__lock tare__registry_lock TARE__HIDDEN;
extern bool tare__starting TARE__HIDDEN; /* until the program's own start-up code runs */

/* How a call goes on. */
enum tare__how {
    TARE__COUNT, /* call the real function and count it */
    TARE__PASS,  /* call the real function, remember the block, count nothing */
    TARE__BOOT,  /* there is no real function yet */
    TARE__PROBE  /* this is the canary */
};

struct tare__entry {
    struct tare__hot *hot; /* for COUNT and PROBE */
    uint32_t how;
    uint32_t birth; /* for the block, if one is made */
};

/* frame: an address in the frame of the outermost call, by which a guard that a
 * jump left behind is told from one that is still in force. */
struct tare__entry tare__enter_slowly(uintptr_t frame);

#define TARE__FRAME ((uintptr_t)__builtin_dwarf_cfa())

TARE__INLINE struct tare__entry tare__enter(uintptr_t frame)
{
    struct tare__hot *hot = tare__self;
    uint32_t mode = TARE__LOAD(hot->mode);
    if (TARE__LIKELY(mode >= TARE__MODE_COUNTING && mode <= TARE__MODE_SITES && hot->guard == 0 &&
                     hot->counters->recording == 0)) {
        TARE__STORE(hot->guard, frame);
        return (struct tare__entry){hot, TARE__COUNT, hot->birth};
    }
    return tare__enter_slowly(frame);
}

TARE__INLINE void tare__leave(struct tare__entry entry)
{
    if (entry.how == TARE__COUNT)
        TARE__STORE(entry.hot->guard, 0);
}

/* The calling thread's record, made if need be, with its guard set to OWN and
 * its mode to BUSY, so that tare may call libc. NULL when there is no memory, or
 * inside a measured call. tare__thread_done() ends it. */
struct tare__thread *tare__thread_mine(void);
void tare__thread_done(struct tare__thread *thread);

/* Sets the hot line from the attachments and what follows from them. Under the
 * lock, like all that changes the mode of a thread. */
void tare__thread_refresh(struct tare__thread *thread, uint32_t birth, struct tare__share *shares);

/* The lock, for a thread past its end; hot is the line of all those. */
void tare__late_lock(const struct tare__hot *hot);
void tare__late_unlock(struct tare__hot *hot);

/* Calls visit for each record in use. Under the lock. */
void tare__thread_each(void (*visit)(struct tare__thread *thread, void *context), void *context);

/* What a thread has counted, and of that what concerns blocks born outside the
 * scope that asks. */
struct tare__counted {
    struct tare__counters counters;
    struct tare__foreign foreign;
};

/* A consistent copy of what another thread may be writing. False where that
 * thread stood still in the middle of a call for too long. */
bool tare__counters_copy(const struct tare__counters *counters, const struct tare__foreign *foreign,
                         struct tare__counted *counted);

/* For start.c. */
bool tare__threads_start(void);
void tare__threads_start_late(void); /* once the store is there: the record of threads past their end */
void tare__thread_end(void *hot);    /* the destructor of the thread key */

/* ---- For enter.c and fork.c ---------------------------------------------- */

extern struct tare__hot tare__nobody TARE__HIDDEN;         /* the line of threads never seen */
extern struct tare__thread tare__late_thread TARE__HIDDEN; /* stands for all threads past their end */
extern struct tare__hot *tare__sentinel TARE__HIDDEN;      /* mode 1; 0 in a child that has not noticed yet */
extern int tare__process_pid TARE__HIDDEN;

struct tare__thread *tare__thread_of(const struct tare__hot *hot);
struct tare__hot *tare__thread_begin(void); /* a record for the calling thread; NULL without memory */

/* The same for a thread that is about to be made: a record, NULL without
 * memory; by the new thread, once it runs; where it was not made after all. */
struct tare__thread *tare__thread_prepare(void);
void tare__thread_become(struct tare__thread *thread);
void tare__thread_discard(struct tare__thread *thread);
void tare__thread_give_counters(struct tare__thread *thread);

/* While tare is at work for a thread, no call of it takes a short way. True
 * where it was stale: then it must catch up. */
bool tare__thread_begin_work(struct tare__hot *hot);
void tare__thread_end_work(struct tare__thread *thread);
void tare__thread_catch_up(struct tare__thread *thread); /* with the scopes that opened and closed */

#endif
