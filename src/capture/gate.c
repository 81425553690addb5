/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include "scope_parts.h"
#include "watchdog.h"

#define LOOK_NS 10000000u /* how often whoever is first in line looks after the owner */

struct tare__thread *tare__gate_owner;
static unsigned watchdog_ms;
static uint64_t shut_ns;
static uint32_t depth; /* exclusive scopes of the owner */
static bool has_guest;
static pthread_t guest;
static const struct tare__thread *lender; /* who waits for the guest */
static struct tare__turn *first_in_line;
static struct tare__turn **end_of_line = &first_in_line;

bool tare__gate_is_guest(const struct tare__thread *thread)
{
    return __atomic_load_n(&has_guest, __ATOMIC_ACQUIRE) &&
           pthread_equal(__atomic_load_n(&guest, __ATOMIC_RELAXED), thread->self);
}

bool tare__gate_keeps_out(const struct tare__thread *thread)
{
    const struct tare__thread *owner = __atomic_load_n(&tare__gate_owner, __ATOMIC_ACQUIRE);
    if (TARE__LIKELY(owner == NULL))
        return false;
    return owner != thread && thread != &tare__late_thread && TARE__LOAD(thread->reaping) == 0 &&
           !tare__gate_is_guest(thread);
}

/* ---- The line ----------------------------------------------------------- */

static void queue(struct tare__turn *turn, struct tare__thread *thread, bool shuts)
{
    turn->shuts |= shuts;
    if (turn->queued) /* a signal handler's call, while its thread is in line already */
        return;
    turn->thread = thread;
    turn->shuts = shuts;
    turn->since_ns = tare__os_clock_ns();
    turn->queued = true;
    turn->next = NULL;
    TARE__STORE(turn->granted, 0);
    TARE__STORE(*end_of_line, turn); /* wait_for() looks who is first without the lock */
    end_of_line = &turn->next;
}

static void unqueue(struct tare__turn *turn)
{
    struct tare__turn **link = &first_in_line;
    while (*link != turn)
        link = &(*link)->next;
    TARE__STORE(*link, turn->next);
    if (end_of_line == &turn->next)
        end_of_line = link;
    turn->queued = false;
}

static void grant(struct tare__turn *turn)
{
    unqueue(turn);
    __atomic_store_n(&turn->granted, 1, __ATOMIC_RELEASE);
    tare__os_futex_wake(&turn->granted, INT32_MAX);
}

static void shut_for(struct tare__thread *owner, unsigned limit_ms)
{
    watchdog_ms = limit_ms;
    shut_ns = tare__os_clock_ns();
    depth = 1;
    __atomic_store_n(&tare__gate_owner, owner, __ATOMIC_SEQ_CST);
    tare__scope_restart_threads(owner);
}

static void open_for_all(void)
{
    depth = 0;
    __atomic_store_n(&has_guest, false, __ATOMIC_RELEASE);
    __atomic_store_n(&tare__gate_owner, NULL, __ATOMIC_SEQ_CST);
    while (first_in_line != NULL && !first_in_line->shuts)
        grant(first_in_line);
    if (first_in_line == NULL)
        return;
    struct tare__turn *next = first_in_line;
    shut_for(next->thread, next->watchdog_ms);
    grant(next);
}

/* ---- Calls that wait ---------------------------------------------------- */

static void begin(struct tare__hot *hot)
{
    tare__thread_begin_work(hot);
    tare__lock_acquire(&tare__registry_lock);
}

static void end(struct tare__hot *hot)
{
    tare__scope_sync(hot->thread);
    tare__lock_release(&tare__registry_lock);
    tare__thread_end_work(hot->thread);
}

/* The owner may have jumped out of its scope: it looks at its next call. */
static void look_after_owner(struct tare__hot *hot)
{
    begin(hot);
    struct tare__thread *owner = tare__gate_owner;
    if (owner != NULL)
        __atomic_store_n(&owner->hot->mode, TARE__MODE_STALE, __ATOMIC_SEQ_CST);
    end(hot);
}

/* True where the time is over. */
static bool is_over(struct tare__hot *hot, const struct tare__turn *turn, uint64_t *deadline_ns)
{
    begin(hot);
    uint64_t since_ns = turn->since_ns > shut_ns ? turn->since_ns : shut_ns;
    *deadline_ns = since_ns + (uint64_t)watchdog_ms * 1000000u;
    bool over = turn->queued && tare__gate_owner != NULL && tare__os_clock_ns() >= *deadline_ns;
    end(hot);
    return over;
}

/* Opens the gate for all, and says so in every scope that counted on it. */
static void break_open(struct tare__hot *hot, const struct tare__thread *owner)
{
    begin(hot);
    if (tare__gate_owner == owner) {
        for (struct tare__attachment *at = owner->attachments; at != NULL; at = at->next_of_thread)
            if (!at->over && at->scope->domain == TARE_EXCLUSIVE)
                at->scope->inexact |= TARE_INEXACT_DEADLOCKED;
        open_for_all();
    }
    end(hot);
}

static void wait_for(struct tare__hot *hot, struct tare__turn *turn, uintptr_t frame)
{
    uint64_t deadline_ns;
    is_over(hot, turn, &deadline_ns);
    while (__atomic_load_n(&turn->granted, __ATOMIC_ACQUIRE) == 0) {
        uint64_t look_ns = tare__os_clock_ns() + LOOK_NS;
        bool looks = __atomic_load_n(&first_in_line, __ATOMIC_RELAXED) == turn;
        tare__os_futex_wait_until(&turn->granted, 0, looks && look_ns < deadline_ns ? look_ns : deadline_ns);
        if (__atomic_load_n(&turn->granted, __ATOMIC_ACQUIRE) != 0)
            return;
        if (looks)
            look_after_owner(hot);
        const struct tare__thread *owner = __atomic_load_n(&tare__gate_owner, __ATOMIC_ACQUIRE);
        if (owner != NULL && is_over(hot, turn, &deadline_ns)) {
            tare__watchdog_report(owner, watchdog_ms, frame);
            break_open(hot, owner);
        }
    }
}

void tare__gate_pass(struct tare__hot *hot, uintptr_t frame)
{
    if (frame >= hot->thread->reaping)
        TARE__STORE(hot->thread->reaping, 0); /* a jump has left that function */
    if (!tare__gate_keeps_out(hot->thread))
        return;
    begin(hot);
    struct tare__turn *turn = &hot->thread->turn;
    bool kept_out = tare__gate_keeps_out(hot->thread);
    if (kept_out)
        queue(turn, hot->thread, false);
    end(hot);
    if (kept_out)
        wait_for(hot, turn, frame);
}

/* Whether the calling thread is the one that may go on now. */
static bool is_in_place(const struct tare__thread *mine)
{
    return tare__gate_owner != NULL && (has_guest ? tare__gate_is_guest(mine) : tare__gate_owner == mine);
}

/* ---- Owners ------------------------------------------------------------- */

bool tare__gate_shut(struct tare__thread *mine, unsigned limit_ms)
{
    if (limit_ms == 0)
        limit_ms = TARE__WATCHDOG_DEFAULT_MS;
    mine->id = tare__os_thread_id();
    tare__lock_acquire(&tare__registry_lock);
    bool in_place = is_in_place(mine);
    if (in_place) {
        depth += tare__gate_owner == mine;
        tare__lock_release(&tare__registry_lock);
    } else if (tare__gate_owner == NULL) {
        shut_for(mine, limit_ms);
        tare__lock_release(&tare__registry_lock);
    } else {
        struct tare__hot *hot = mine->hot;
        mine->turn.watchdog_ms = limit_ms;
        queue(&mine->turn, mine, true);
        tare__lock_release(&tare__registry_lock);
        tare__thread_done(mine);
        wait_for(hot, &mine->turn, TARE__FRAME);
        if (tare__thread_mine() == NULL)
            return false;
    }
    if (!in_place)
        tare__gate_settle();
    return true;
}

void tare__gate_open(const struct tare__thread *owner)
{
    if (tare__gate_owner == owner && --depth == 0)
        open_for_all();
}

void tare__gate_forget(struct tare__thread *thread)
{
    if (thread->turn.queued)
        unqueue(&thread->turn);
    if (tare__gate_owner == thread)
        open_for_all();
}

static void leave_line(struct tare__thread *thread, void *unused)
{
    (void)unused;
    thread->turn.queued = false;
}

void tare__gate_fork_child(struct tare__thread *mine)
{
    tare__thread_each(leave_line, NULL);
    first_in_line = NULL;
    end_of_line = &first_in_line;
    has_guest = false;
    if (tare__gate_owner != mine)
        tare__gate_owner = NULL;
}

/* ---- Guests ------------------------------------------------------------- */

static void let_in(pthread_t id)
{
    for (struct tare__turn *turn = first_in_line, *next; turn != NULL; turn = next) {
        next = turn->next;
        if (pthread_equal(turn->thread->self, id))
            grant(turn);
    }
}

static void set_guest(bool has, pthread_t id)
{
    __atomic_store_n(&has_guest, false, __ATOMIC_RELEASE);
    __atomic_store_n(&guest, id, __ATOMIC_RELAXED);
    __atomic_store_n(&has_guest, has, __ATOMIC_RELEASE);
    tare__scope_restart_threads(NULL);
    if (has)
        let_in(id);
}

const struct tare__thread *tare__gate_lender(const struct tare__thread *thread)
{
    return tare__gate_owner != NULL && tare__gate_owner != thread && tare__gate_is_guest(thread) ? lender : NULL;
}

struct tare__loan tare__gate_lend(pthread_t id)
{
    struct tare__loan loan = {.lent = false};
    if (TARE__LIKELY(__atomic_load_n(&tare__gate_owner, __ATOMIC_ACQUIRE) == NULL))
        return loan;
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL)
        return loan;
    tare__lock_acquire(&tare__registry_lock);
    if (is_in_place(mine)) {
        loan = (struct tare__loan){true, has_guest, guest, lender};
        lender = mine;
        set_guest(true, id);
    }
    tare__lock_release(&tare__registry_lock);
    tare__thread_done(mine);
    return loan;
}

void tare__gate_take_back(struct tare__loan loan, bool ended)
{
    struct tare__thread *mine = loan.lent ? tare__thread_mine() : NULL;
    if (mine == NULL)
        return;
    tare__lock_acquire(&tare__registry_lock);
    bool shut = tare__gate_owner != NULL;
    if (shut) {
        lender = loan.lender;
        set_guest(loan.had_guest, loan.guest);
    }
    tare__lock_release(&tare__registry_lock);
    if (shut && !ended)
        tare__gate_settle();
    tare__thread_done(mine);
}
