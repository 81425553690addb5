/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include "scope_parts.h"
#include "watchdog.h"

#define LOOK_NS 10000000u /* how often whoever is first in line looks after the owner */

struct tare__thread *tare__gate_owner;
static unsigned watchdog_ms;
static uint64_t episode; /* raised each time the gate is shut */
static uint64_t shut_ns; /* when its owner began to have it for himself */

/* Whoever goes on in the owner's place is at the end of a chain: each waits for
 * the next to end. The last is published for who asks without the lock. */
#define LOANS_MAX 64u
static struct {
    uint64_t id;
    pthread_t guest;
    const struct tare__thread *lender;
} loans[LOANS_MAX];
static unsigned loan_count;
static uint64_t loan_ids;
static bool has_guest;
static pthread_t guest;

static struct tare__turn *first_in_line;
static struct tare__turn **end_of_line = &first_in_line;

bool tare__gate_is_guest(const struct tare__thread *thread)
{
    return __atomic_load_n(&has_guest, __ATOMIC_ACQUIRE) &&
           pthread_equal(__atomic_load_n(&guest, __ATOMIC_RELAXED), thread->self);
}

bool tare__gate_is_shut_to(const struct tare__thread *thread)
{
    const struct tare__thread *owner = __atomic_load_n(&tare__gate_owner, __ATOMIC_ACQUIRE);
    return TARE__UNLIKELY(owner != NULL) && owner != thread && !tare__gate_is_guest(thread);
}

bool tare__gate_keeps_out(const struct tare__thread *thread)
{
    return tare__gate_is_shut_to(thread) && thread != &tare__late_thread && TARE__LOAD(thread->reaping) == 0;
}

/* ---- The line ----------------------------------------------------------- */

/* A thread that is in line already keeps its place: this is a signal handler's
 * call, or a handler's jump left the other. That one no longer shuts the gate. */
static void queue(struct tare__turn *turn, struct tare__thread *thread, uintptr_t frame, bool shuts)
{
    if (!turn->queued || (turn->frame != 0 && frame >= turn->frame))
        turn->frame = 0;
    if (shuts)
        turn->frame = frame;
    if (turn->queued)
        return;
    turn->thread = thread;
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
    if (link == &first_in_line && turn->next != NULL)
        tare__os_futex_wake(&turn->next->granted, INT32_MAX); /* it looks after the owner from now on */
}

static void grant(struct tare__turn *turn)
{
    unqueue(turn);
    __atomic_store_n(&turn->granted, 1, __ATOMIC_RELEASE);
    tare__os_futex_wake(&turn->granted, INT32_MAX);
}

static void publish_guest(void)
{
    __atomic_store_n(&has_guest, false, __ATOMIC_RELEASE);
    if (loan_count == 0)
        return;
    __atomic_store_n(&guest, loans[loan_count - 1].guest, __ATOMIC_RELAXED);
    __atomic_store_n(&has_guest, true, __ATOMIC_RELEASE);
}

/* It has the gate for itself once other threads have settled. Until then the
 * watchdog's time does not run. */
static void shut_for(struct tare__thread *owner, unsigned limit_ms)
{
    watchdog_ms = limit_ms;
    episode++;
    shut_ns = UINT64_MAX;
    __atomic_store_n(&tare__gate_owner, owner, __ATOMIC_SEQ_CST);
    tare__scope_restart_threads(owner);
}

/* An exclusive scope that is still open is not exclusive any more. */
static void mark_beside(struct tare__thread *thread, void *unused)
{
    (void)unused;
    for (struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread)
        if (!at->over && at->scope->shuts_gate) {
            at->scope->inexact |= TARE_INEXACT_DEADLOCKED;
            at->scope->shuts_gate = false;
            tare__make_stale(thread, NULL);
        }
}

static void open_for_all(void)
{
    tare__thread_each(mark_beside, NULL);
    loan_count = 0;
    publish_guest();
    __atomic_store_n(&tare__gate_owner, NULL, __ATOMIC_SEQ_CST);
    while (first_in_line != NULL && first_in_line->frame == 0)
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

/* Whom the thread waits for, since when, and for how long at most. */
struct wait {
    uint64_t deadline_ns;
    uint64_t episode;
    struct tare__thread *owner;
    unsigned watchdog_ms;
    bool over;
};

static struct wait look_at_time(struct tare__hot *hot, const struct tare__turn *turn)
{
    begin(hot);
    uint64_t since_ns = turn->since_ns > shut_ns ? turn->since_ns : shut_ns;
    uint64_t limit_ns = (uint64_t)watchdog_ms * 1000000u, now_ns = tare__os_clock_ns();
    struct wait wait = {
        .deadline_ns = since_ns < UINT64_MAX - limit_ns ? since_ns + limit_ns : now_ns + limit_ns,
        .episode = episode,
        .owner = tare__gate_owner,
        .watchdog_ms = watchdog_ms,
    };
    wait.over = turn->queued && wait.owner != NULL && now_ns >= wait.deadline_ns;
    end(hot);
    return wait;
}

static uint32_t biting;

/* Opens the gate for all, and says so in every scope that counted on it. The
 * stacks of both threads are taken first: while they still wait. */
static void bite(struct tare__hot *hot, const struct wait *wait, uintptr_t frame)
{
    if (__atomic_exchange_n(&biting, 1, __ATOMIC_ACQUIRE) != 0) {
        tare__os_pause(); /* another does */
        return;
    }
    tare__thread_begin_work(hot); /* so that a signal handler's call passes by */
    struct tare__deadlock deadlock;
    tare__watchdog_describe(&deadlock, wait->owner, wait->watchdog_ms, frame);
    tare__lock_acquire(&tare__registry_lock);
    if (tare__gate_owner == wait->owner && episode == wait->episode) {
        tare__watchdog_publish(&deadlock);
        open_for_all();
    }
    tare__scope_sync(hot->thread);
    tare__lock_release(&tare__registry_lock);
    __atomic_store_n(&biting, 0, __ATOMIC_RELEASE);
    tare__thread_end_work(hot->thread);
}

static void wait_for(struct tare__hot *hot, struct tare__turn *turn, uintptr_t frame)
{
    struct wait wait = look_at_time(hot, turn);
    while (__atomic_load_n(&turn->granted, __ATOMIC_ACQUIRE) == 0) {
        uint64_t look_ns = tare__os_clock_ns() + LOOK_NS;
        bool looks = __atomic_load_n(&first_in_line, __ATOMIC_RELAXED) == turn;
        tare__os_futex_wait_until(&turn->granted, 0, looks && look_ns < wait.deadline_ns ? look_ns : wait.deadline_ns);
        if (__atomic_load_n(&turn->granted, __ATOMIC_ACQUIRE) != 0)
            return;
        if (looks)
            look_after_owner(hot);
        wait = look_at_time(hot, turn);
        if (wait.over)
            bite(hot, &wait, frame);
    }
}

void tare__gate_pass(struct tare__hot *hot, uintptr_t frame)
{
    if (frame >= hot->thread->reaping)
        TARE__STORE(hot->thread->reaping, 0); /* a jump has left that function */
    if (TARE__LOAD(tare__gate_owner) == hot->thread && TARE__LOAD(hot->mode) == TARE__MODE_STALE)
        tare__scope_leave_jumped(hot->thread, frame);
    if (!tare__gate_keeps_out(hot->thread))
        return;
    begin(hot);
    struct tare__turn *turn = &hot->thread->turn;
    bool kept_out = tare__gate_keeps_out(hot->thread);
    if (kept_out)
        queue(turn, hot->thread, frame, false);
    end(hot);
    if (kept_out)
        wait_for(hot, turn, frame);
}

void tare__gate_await_bite(void)
{
    while (__atomic_load_n(&biting, __ATOMIC_ACQUIRE) != 0)
        tare__os_pause();
}

/* ---- Owners ------------------------------------------------------------- */

bool tare__gate_is_mine(const struct tare__thread *mine)
{
    return tare__gate_owner == mine || (tare__gate_owner != NULL && tare__gate_is_guest(mine));
}

/* What the thread was let in for may be over when it comes to use it: then it
 * stands in line again. */
bool tare__gate_shut(struct tare__thread *mine, unsigned limit_ms)
{
    struct tare__hot *hot = mine->hot;
    mine->id = tare__os_thread_id();
    mine->turn.watchdog_ms = limit_ms != 0 ? limit_ms : TARE__WATCHDOG_DEFAULT_MS;
    tare__lock_acquire(&tare__registry_lock);
    bool had_it = tare__gate_is_mine(mine);
    while (!tare__gate_is_mine(mine)) {
        if (tare__gate_owner == NULL) {
            shut_for(mine, mine->turn.watchdog_ms);
            break;
        }
        queue(&mine->turn, mine, TARE__FRAME, true);
        tare__lock_release(&tare__registry_lock);
        tare__thread_done(mine);
        wait_for(hot, &mine->turn, TARE__FRAME);
        if (tare__thread_mine() == NULL)
            return false;
        tare__lock_acquire(&tare__registry_lock);
    }
    tare__lock_release(&tare__registry_lock);
    if (had_it)
        return true;
    tare__gate_settle();
    tare__lock_acquire(&tare__registry_lock);
    if (tare__gate_owner == mine && shut_ns == UINT64_MAX)
        shut_ns = tare__os_clock_ns();
    tare__lock_release(&tare__registry_lock);
    return true;
}

static bool holds_exclusive(const struct tare__thread *thread)
{
    for (const struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread)
        if (!at->over && at->scope->owner == thread && at->scope->shuts_gate)
            return true;
    return false;
}

void tare__gate_open(const struct tare__thread *owner)
{
    if (tare__gate_owner == owner && !holds_exclusive(owner))
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
    thread->turn.granted = 1; /* the one that forked may be a signal handler, and its thread in line */
}

void tare__gate_fork_child(struct tare__thread *mine)
{
    tare__thread_each(leave_line, NULL);
    first_in_line = NULL;
    end_of_line = &first_in_line;
    loan_count = 0;
    publish_guest();
    tare__gate_owner = mine != NULL && holds_exclusive(mine) ? mine : NULL;
}

/* ---- Loans --------------------------------------------------------------- */

static void let_in(pthread_t id)
{
    for (struct tare__turn *turn = first_in_line, *next; turn != NULL; turn = next) {
        next = turn->next;
        if (pthread_equal(turn->thread->self, id))
            grant(turn);
    }
}

const struct tare__thread *tare__gate_lender(const struct tare__thread *thread)
{
    bool is_guest = tare__gate_owner != NULL && tare__gate_owner != thread && tare__gate_is_guest(thread);
    return is_guest ? loans[loan_count - 1].lender : NULL;
}

/* Whether the calling thread is the one that may go on now. */
static bool is_in_place(const struct tare__thread *mine)
{
    return tare__gate_owner != NULL && (loan_count != 0 ? tare__gate_is_guest(mine) : tare__gate_owner == mine);
}

uint64_t tare__gate_lend(pthread_t id)
{
    if (TARE__LIKELY(__atomic_load_n(&tare__gate_owner, __ATOMIC_ACQUIRE) == NULL))
        return 0;
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL)
        return 0;
    uint64_t loan = 0;
    tare__lock_acquire(&tare__registry_lock);
    if (is_in_place(mine) && loan_count < LOANS_MAX) {
        loan = loans[loan_count].id = ++loan_ids;
        loans[loan_count].guest = id;
        loans[loan_count].lender = mine;
        loan_count++;
        publish_guest();
        tare__scope_restart_threads(NULL);
        let_in(id);
    }
    tare__lock_release(&tare__registry_lock);
    tare__thread_done(mine);
    return loan;
}

static void mark_guest(struct tare__thread *thread, void *id)
{
    if (!pthread_equal(thread->self, *(pthread_t *)id))
        return;
    for (struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread)
        if (!at->over && at->scope->owner == thread && at->scope->shuts_gate)
            at->scope->inexact |= TARE_INEXACT_DEADLOCKED;
}

/* Ends this loan and those that the guest made of its own. A guest with an
 * exclusive scope of its own has it not for itself any more. */
static bool end_loans(uint64_t loan)
{
    for (unsigned i = 0; i < loan_count; i++) {
        if (loans[i].id != loan)
            continue;
        for (unsigned k = i; k < loan_count; k++)
            tare__thread_each(mark_guest, &loans[k].guest);
        loan_count = i;
        publish_guest();
        tare__scope_restart_threads(NULL);
        return true;
    }
    return false;
}

void tare__gate_take_back(uint64_t loan, bool ended)
{
    struct tare__thread *mine = loan != 0 ? tare__thread_mine() : NULL;
    if (mine == NULL)
        return;
    tare__lock_acquire(&tare__registry_lock);
    bool taken = end_loans(loan);
    tare__lock_release(&tare__registry_lock);
    if (taken && !ended)
        tare__gate_settle();
    tare__thread_done(mine);
}
