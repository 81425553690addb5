/* SPDX-License-Identifier: MIT */
/* The stress's scopes: by handle, in blocks, and the tasks that all threads share. */
#include "stress.h"

/* ---- Handles that are given back ----------------------------------------- */

enum { LEFT_MAX = 64, SLACK = 256 }; /* of those that jumps left; of those noted late */

static atomic_uint open_now, open_most, index_most;

static void raise_to(atomic_uint *highest, unsigned value)
{
    unsigned seen = atomic_load(highest);
    while (value > seen && !atomic_compare_exchange_weak(highest, &seen, value))
        ;
}

/* scope: NULL for that of a block. */
void note_opening(tare_scope *scope, tare_domain domain)
{
    raise_to(&open_most, atomic_fetch_add(&open_now, 1) + 1);
    raise_to(&index_most, (unsigned)((uintptr_t)scope & 0xffffff));
    atomic_fetch_add(&totals.opened[domain], 1);
    if (domain != TARE_THREAD)
        atomic_fetch_add(&totals.shared_eras, 1);
}

void note_closing(void)
{
    atomic_fetch_sub(&open_now, 1);
}

/* A handle holds the number of its scope's place: places of closed scopes are
 * used again, so the highest says whether any were kept. */
void check_handles_bounded(void)
{
    SAY(1, "%u scopes at once, in %u places\n", open_most, index_most);
    CHECK_EQUAL(open_now, 0);
    CHECK(index_most <= open_most + LEFT_MAX + SLACK);
}

/* ---- Figures ------------------------------------------------------------ */

static void check_inexact(const struct worker *worker, tare_domain domain, bool left_by_jump, uint32_t inexact)
{
    if (left_by_jump)
        inexact &= ~(uint32_t)TARE_INEXACT_ABANDONED;
    if (worker->alone && domain != TARE_THREAD)
        inexact &= ~(uint32_t)TARE_INEXACT_UNSETTLED; /* a thread that is gone was in the middle of a call */
    if (inexact == 0)
        return;
    SAY(2, "a scope of domain %d is inexact: %#x\n", domain, inexact);
    _exit(1);
}

/* In a recorded run a child finds the counters of threads that are gone in its
 * parent's store, where those go on. It says that they are unsettled. */
static bool cant_tell(const struct worker *worker, const tare_stats *stats)
{
    return worker->alone && (stats->inexact & TARE_INEXACT_UNSETTLED) != 0 && strcmp(tare_link_mode(), "preload") == 0;
}

void judge(const struct worker *worker, struct account *account, const struct look *low, const struct look *high,
           const tare_stats *stats, bool leaks)
{
    check_inexact(worker, account->domain, account->left_by_jump, stats->inexact);
    if (cant_tell(worker, stats))
        return;
    bool exact = account_check(account, low, high, stats, leaks);
    atomic_fetch_add(exact ? &totals.exact : &totals.bounded, 1);
}

static void judge_process(const struct worker *worker, const struct handle *handle, const struct look *low,
                          const struct look *high, const tare_stats *stats)
{
    check_inexact(worker, TARE_PROCESS, false, stats->inexact);
    if (cant_tell(worker, stats))
        return;
    account_check_difference(&handle->low_open, &handle->high_open, low, high, stats);
    atomic_fetch_add(&totals.bounded, 1);
}

/* ---- By handle ---------------------------------------------------------- */

static void open_handle(struct worker *worker, struct handle *handle)
{
    static const tare_domain domains[] = {TARE_THREAD, TARE_THREAD, TARE_FAMILY, TARE_PROCESS, TARE_TASK};
    tare_domain domain = domains[any_of(worker, 5)];
    *handle = (struct handle){.low_open = account_low(of_all)};
    handle->scope = tare_open(.domain = domain);
    handle->high_open = account_high(of_all);
    note_opening(handle->scope, domain);
    handle->account = account_new(domain);
    if (domain == TARE_THREAD || domain == TARE_FAMILY)
        in_add(worker, handle->account);
}

static bool counts(const struct handle *handle)
{
    tare_domain domain = handle->account->domain;
    return domain == TARE_THREAD || domain == TARE_FAMILY || (domain == TARE_TASK && handle->entered > 0);
}

static void forget(struct worker *worker, struct handle *handle, bool of_ended)
{
    handle->account->closed = true;
    if (!of_ended && counts(handle))
        in_remove(worker, handle->account);
    account_leave(handle->account);
    handle->scope = NULL;
    note_closing();
}

/* What was counted until now is over; blocks from before are no longer its own. */
static void start_anew(struct worker *worker, struct handle *handle, const tare_stats *stats)
{
    struct account *account = handle->account;
    if (account->shared) {
        int64_t figures[RISING];
        rising_of(stats, figures);
        for (int i = 0; i < RISING; i++)
            account->taken[i] += figures[i];
        account->reset_beside = true;
        return;
    }
    handle->account = account_new(account->domain);
    for (int i = 0; i < worker->in_count; i++)
        if (worker->in[i] == account) {
            worker->in[i] = handle->account;
            account_use(handle->account);
            account_leave(account);
        }
    account_leave(account);
}

enum taking { READ, RESET, CLOSE };

static void take(struct worker *worker, struct handle *handle, enum taking how, bool of_ended)
{
    struct account *account = handle->account->domain == TARE_PROCESS ? of_all : handle->account;
    tare_stats stats;
    struct look low = account_low(account);
    if (how == READ)
        CHECK_EQUAL(tare_read(handle->scope, &stats), 0);
    else if (how == RESET)
        CHECK_EQUAL(tare_reset(handle->scope, &stats), 0);
    else
        CHECK_EQUAL(tare_close(handle->scope, &stats), 0);
    struct look high = account_high(account);
    if (account == of_all)
        judge_process(worker, handle, &low, &high, &stats);
    else
        judge(worker, account, &low, &high, &stats, !of_ended);
    if (how == RESET) {
        handle->low_open = low;
        handle->high_open = high;
        start_anew(worker, handle, &stats);
        if (handle->account->domain != TARE_THREAD)
            atomic_fetch_add(&totals.shared_eras, 1);
    }
    if (how == CLOSE)
        forget(worker, handle, of_ended);
}

static void check_closed(tare_scope *scope)
{
    expected_error = TARE_ERROR_NOT_OPEN;
    CHECK_EQUAL(tare_close(scope, NULL), TARE_ERROR_NOT_OPEN);
    CHECK_EQUAL(expected_error, 0);
    atomic_fetch_add(&totals.refused, 1);
}

/* A task that is this thread's own. */
static void enter_or_leave(struct worker *worker, struct handle *handle)
{
    if (any_of(worker, 2) == 0) {
        CHECK_EQUAL(tare_task_enter(handle->scope), 0);
        if (handle->entered++ == 0)
            in_add(worker, handle->account);
    } else if (handle->entered > 0) {
        CHECK_EQUAL(tare_task_leave(handle->scope), 0);
        if (--handle->entered == 0)
            in_remove(worker, handle->account);
    } else {
        expected_error = TARE_ERROR_NOT_ENTERED;
        CHECK_EQUAL(tare_task_leave(handle->scope), TARE_ERROR_NOT_ENTERED);
        atomic_fetch_add(&totals.refused, 1);
    }
}

static void close_handle(struct worker *worker, struct handle *handle, bool of_ended)
{
    tare_scope *scope = handle->scope;
    for (; !of_ended && handle->entered > 0; handle->entered--) {
        if (handle->entered == 1)
            in_remove(worker, handle->account);
        CHECK_EQUAL(tare_task_leave(scope), 0);
    }
    if (handle->account->domain == TARE_FAMILY && !worker->calm && any_of(worker, 2) == 0)
        CHECK_EQUAL(tare_join_family(scope, WATCHDOG_MS), 0);
    take(worker, handle, CLOSE, of_ended);
    if (any_of(worker, 8) == 0)
        check_closed(scope);
}

void handles_step(struct worker *worker)
{
    struct handle *handle = &worker->handles[any_of(worker, HANDLES)];
    unsigned what = any_of(worker, 8);
    if (handle->scope == NULL)
        open_handle(worker, handle);
    else if (handle->account->domain == TARE_TASK && what < 4)
        enter_or_leave(worker, handle);
    else if (what < 5)
        take(worker, handle, READ, false);
    else if (what < 6)
        take(worker, handle, RESET, false);
    else
        close_handle(worker, handle, false);
}

/* of_ended: those of a thread that has ended, which left its tasks by that. */
void handles_close(struct worker *worker, bool of_ended)
{
    for (int i = 0; i < HANDLES; i++)
        if (worker->handles[i].scope != NULL)
            close_handle(worker, &worker->handles[i], of_ended);
}

/* ---- Tasks that all threads share ----------------------------------------- */

/* With the mutex. */
static void open_task(struct task *task)
{
    if (task->scope != NULL)
        return;
    task->scope = tare_open(.domain = TARE_TASK, .name = "of all");
    note_opening(task->scope, TARE_TASK);
    task->account = account_new(TARE_TASK);
    task->account->shared = true;
}

static void take_task(const struct worker *worker, struct task *task, enum taking how)
{
    tare_stats stats;
    struct look low = account_low(task->account);
    if (how == READ)
        CHECK_EQUAL(tare_read(task->scope, &stats), 0);
    else if (how == RESET)
        CHECK_EQUAL(tare_reset(task->scope, &stats), 0);
    else
        CHECK_EQUAL(tare_close(task->scope, &stats), 0);
    struct look high = account_high(task->account);
    judge(worker, task->account, &low, &high, &stats, true);
    if (how == RESET) {
        int64_t figures[RISING];
        rising_of(&stats, figures);
        for (int i = 0; i < RISING; i++)
            task->account->taken[i] += figures[i];
        task->account->reset_beside = true;
        atomic_fetch_add(&totals.shared_eras, 1);
    }
    if (how != CLOSE)
        return;
    account_leave(task->account);
    task->scope = NULL;
    note_closing();
}

static void close_task(const struct worker *worker, struct task *task)
{
    if (task->inside == 0 && task->reserved == 0) {
        take_task(worker, task, CLOSE);
    } else if (task->inside > 0) {
        expected_error = TARE_ERROR_ENTERED;
        CHECK_EQUAL(tare_close(task->scope, NULL), TARE_ERROR_ENTERED);
        CHECK_EQUAL(expected_error, 0);
        atomic_fetch_add(&totals.refused, 1);
    }
}

static void enter_task(struct worker *worker, unsigned number)
{
    struct task *task = &tasks[number];
    pthread_mutex_lock(&task->mutex);
    open_task(task);
    CHECK_EQUAL(tare_task_enter(task->scope), 0);
    task->inside++;
    pthread_mutex_unlock(&task->mutex);
    atomic_fetch_add(&totals.entered, 1);
    if (worker->entered[number]++ == 0)
        in_add(worker, task->account);
}

static void leave_task(struct worker *worker, unsigned number)
{
    struct task *task = &tasks[number];
    if (--worker->entered[number] == 0)
        in_remove(worker, task->account);
    pthread_mutex_lock(&task->mutex);
    CHECK_EQUAL(tare_task_leave(task->scope), 0);
    task->inside--;
    pthread_mutex_unlock(&task->mutex);
}

void tasks_step(struct worker *worker)
{
    unsigned number = any_of(worker, TASKS), what = any_of(worker, 16);
    struct task *task = &tasks[number];
    if (what < 6) {
        if (worker->entered[number] < 5)
            enter_task(worker, number);
    } else if (what < 13) {
        if (worker->entered[number] > worker->floor[number])
            leave_task(worker, number);
    } else {
        pthread_mutex_lock(&task->mutex);
        if (task->scope != NULL && what == 13)
            take_task(worker, task, any_of(worker, 4) == 0 ? RESET : READ);
        else if (task->scope != NULL)
            close_task(worker, task);
        pthread_mutex_unlock(&task->mutex);
    }
}

void tasks_leave(struct worker *worker)
{
    for (unsigned number = 0; number < TASKS; number++)
        while (worker->entered[number] > 0)
            leave_task(worker, number);
}

void tasks_close(struct worker *worker)
{
    for (unsigned number = 0; number < TASKS; number++)
        if (tasks[number].scope != NULL) {
            CHECK_EQUAL(tasks[number].inside + tasks[number].reserved, 0);
            take_task(worker, &tasks[number], CLOSE);
        }
}

/* The block's end goes back to how often the thread was inside before. */
static void back_to(struct worker *worker, unsigned number, unsigned entered, unsigned floor)
{
    struct task *task = &tasks[number];
    unsigned more = worker->entered[number] - entered - 1;
    worker->entered[number] = entered;
    worker->floor[number] = floor;
    if (entered == 0)
        in_remove(worker, task->account);
    pthread_mutex_lock(&task->mutex);
    task->reserved--;
    task->inside -= more;
    pthread_mutex_unlock(&task->mutex);
}

void task_was_left(struct worker *worker, unsigned number, unsigned entered, unsigned floor)
{
    back_to(worker, number, entered, floor);
}

void run_in_task(struct worker *worker, unsigned number, void (*last)(struct worker *worker))
{
    struct task *task = &tasks[number];
    pthread_mutex_lock(&task->mutex);
    open_task(task);
    task->reserved++;
    pthread_mutex_unlock(&task->mutex);
    unsigned entered = worker->entered[number], floor = worker->floor[number];
    tare_in_task(task->scope) {
        worker->floor[number] = ++worker->entered[number];
        if (entered == 0)
            in_add(worker, task->account);
        steps(worker, any_of(worker, 12));
        /* So that no entry is taken back by the block's end while another thread counts on it. */
        while (worker->entered[number] > entered + 1)
            leave_task(worker, number);
        if (last != NULL) {
            task->account->left_by_jump = true;
            last(worker);
        }
    }
    back_to(worker, number, entered, floor);
}

/* ---- In blocks ---------------------------------------------------------- */

static int64_t calls_of(struct account *account)
{
    struct look look = account_low(account);
    return look.figures[ALLOCATIONS] + look.figures[DEALLOCATIONS] + look.figures[REALLOCATIONS] + look.figures[FAILED];
}

/* While the scope was open, each other thread may have ended the call that it was in. */
static void check_others_waited(struct account *account, int64_t all_before)
{
    int64_t mine = calls_of(account), all = calls_of(of_all) - all_before;
    if (all - mine > ALIVE_MAX || all < mine) {
        SAY(2, "%jd calls beside an exclusive scope\n", (intmax_t)(all - mine));
        _exit(1);
    }
}

void run_block(struct worker *worker, tare_domain domain, void (*last)(struct worker *worker))
{
    bool was_calm = worker->calm;
    tare_stats stats;
    struct look low, high;
    struct account *account = account_new(domain);
    struct handle process = {.account = account, .low_open = account_low(of_all)};
    tare_measure(&stats, .domain = domain, .watchdog_ms = WATCHDOG_MS) {
        process.high_open = account_high(of_all);
        note_opening(NULL, domain);
        worker->calm |= domain == TARE_EXCLUSIVE;
        int64_t all_before = calls_of(of_all);
        in_add(worker, account);
        steps(worker, any_of(worker, 12));
        if (domain == TARE_FAMILY && !worker->calm && any_of(worker, 2) == 0)
            CHECK_EQUAL(tare_join_family(NULL, WATCHDOG_MS), 0);
        worker->leaving = account;
        if (last != NULL)
            last(worker);
        if (domain == TARE_EXCLUSIVE && !worker->is_guest)
            check_others_waited(account, all_before);
        low = account_low(domain == TARE_PROCESS ? of_all : account);
    }
    high = account_high(domain == TARE_PROCESS ? of_all : account);
    account->closed = true; /* not before: who is started until then is counted */
    note_closing();
    if (domain == TARE_PROCESS)
        judge_process(worker, &process, &low, &high, &stats);
    else
        judge(worker, account, &low, &high, &stats, true);
    worker->calm = was_calm;
    in_remove(worker, account);
    account_leave(account);
}

void block_was_left(struct worker *worker, bool was_calm)
{
    struct account *account = worker->leaving;
    account->closed = true;
    note_closing();
    worker->calm = was_calm;
    in_remove(worker, account);
    account_leave(account);
}
