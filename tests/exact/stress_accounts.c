/* SPDX-License-Identifier: MIT */
#include "stress_accounts.h"

#include <string.h>
#include <sys/mman.h>

#include "check.h"

/* ---- Their memory ------------------------------------------------------- */

enum { CHUNK = 256 };

/* A spinning lock: nobody allocates with it, so nobody waits at a gate. In a
 * child of fork it may be held by a thread that is gone; see account_fork_child. */
static atomic_flag lock = ATOMIC_FLAG_INIT;
static struct account *free_accounts;

static void acquire(void)
{
    while (atomic_flag_test_and_set(&lock))
        ;
}

static struct account *take(void)
{
    if (free_accounts == NULL) {
        struct account *chunk =
            mmap(NULL, CHUNK * sizeof *chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(chunk != MAP_FAILED);
        for (int i = 0; i < CHUNK; i++) {
            chunk[i].next_free = free_accounts;
            free_accounts = &chunk[i];
        }
    }
    struct account *account = free_accounts;
    free_accounts = account->next_free;
    return account;
}

struct account *account_new(tare_domain domain)
{
    acquire();
    struct account *account = take();
    atomic_flag_clear(&lock);
    memset(account, 0, sizeof *account);
    account->domain = domain;
    account->users = 1;
    return account;
}

void account_use(struct account *account)
{
    atomic_fetch_add(&account->users, 1);
}

void account_leave(struct account *account)
{
    if (atomic_fetch_sub(&account->users, 1) != 1)
        return;
    acquire();
    account->next_free = free_accounts;
    free_accounts = account;
    atomic_flag_clear(&lock);
}

void account_fork_child(void)
{
    atomic_flag_clear(&lock);
    free_accounts = NULL; /* it may have been in disorder */
}

/* ---- Calls -------------------------------------------------------------- */

static void raise_to(_Atomic int64_t *highest, int64_t value)
{
    int64_t seen = atomic_load(highest);
    while (value > seen && !atomic_compare_exchange_weak(highest, &seen, value))
        ;
}

static void bounds_before(struct bounds *bounds, int64_t change)
{
    if (change > 0)
        atomic_fetch_add(&bounds->high, change);
    else if (change < 0)
        atomic_fetch_add(&bounds->low, change);
}

static void bounds_after(struct bounds *bounds, int64_t change)
{
    if (change > 0)
        atomic_fetch_add(&bounds->low, change);
    else if (change < 0)
        atomic_fetch_add(&bounds->high, change);
}

void account_before(struct account *account, const struct call *call)
{
    atomic_fetch_add(&account->begun, 1);
    for (int i = 0; i < FIGURES; i++)
        bounds_before(&account->figures[i], call->figures[i]);
    bounds_before(&account->net, call->net);
    if (call->net > 0)
        raise_to(&account->peak_high, atomic_load(&account->net.high));
}

void account_after(struct account *account, const struct call *call)
{
    for (int i = 0; i < FIGURES; i++)
        bounds_after(&account->figures[i], call->figures[i]);
    bounds_after(&account->net, call->net);
    if (call->net > 0)
        raise_to(&account->peak_low, atomic_load(&account->net.low));
    atomic_fetch_add(&account->done, 1);
}

/* ---- Comparing ---------------------------------------------------------- */

struct look account_low(struct account *account)
{
    struct look look;
    look.done = atomic_load(&account->done);
    for (int i = 0; i < FIGURES; i++)
        look.figures[i] = atomic_load(&account->figures[i].low);
    look.peak = atomic_load(&account->peak_low);
    look.begun = atomic_load(&account->begun);
    return look;
}

struct look account_high(struct account *account)
{
    struct look look;
    look.done = atomic_load(&account->done);
    for (int i = 0; i < FIGURES; i++)
        look.figures[i] = atomic_load(&account->figures[i].high);
    look.peak = atomic_load(&account->peak_high);
    look.begun = atomic_load(&account->begun);
    return look;
}

static const char *const names[FIGURES] = {
    "allocations", "deallocations",     "reallocations",      "bytes_allocated", "bytes_deallocated",
    "failed",      "bytes_reallocated", "leaked_allocations", "leaked_bytes",
};
static const char *const domains[] = {"thread", "family", "process", "exclusive", "task"};

static void check_between(const char *what, tare_domain domain, int64_t low, int64_t value, int64_t high)
{
    if (value >= low && value <= high)
        return;
    SAY(2, "a %s scope: %s is %jd, expected from %jd to %jd\n", domains[domain], what, (intmax_t)value, (intmax_t)low,
        (intmax_t)high);
    _exit(1);
}

void rising_of(const tare_stats *stats, int64_t figures[RISING])
{
    figures[ALLOCATIONS] = (int64_t)stats->allocations;
    figures[DEALLOCATIONS] = (int64_t)stats->deallocations;
    figures[REALLOCATIONS] = (int64_t)stats->reallocations;
    figures[BYTES_ALLOCATED] = (int64_t)stats->bytes_allocated;
    figures[BYTES_DEALLOCATED] = (int64_t)stats->bytes_deallocated;
    figures[FAILED] = (int64_t)stats->failed_allocations;
}

bool account_check(struct account *account, const struct look *low, const struct look *high, const tare_stats *stats,
                   bool leaks)
{
    tare_domain domain = account->domain;
    bool quiet = low->begun == low->done && high->begun == low->begun && high->done == low->done;
    int64_t figures[FIGURES];
    rising_of(stats, figures);
    figures[BYTES_REALLOCATED] = stats->bytes_reallocated;
    figures[LEAKED] = (int64_t)stats->leaked_allocations;
    figures[LEAKED_BYTES] = (int64_t)stats->leaked_bytes;
    for (int i = 0; i < RISING; i++)
        check_between(names[i], domain, low->figures[i] - account->taken[i], figures[i],
                      high->figures[i] - account->taken[i]);
    check_between("leaked_allocations", domain, 0, figures[LEAKED], INT64_MAX);
    if (account->reset_beside)
        return false;
    if (!account->left_by_jump) /* its peak is missing */
        check_between("peak_bytes", domain, low->peak, (int64_t)stats->peak_bytes, high->peak);
    if (!quiet)
        return false;
    for (int i = RISING; i < FIGURES; i++)
        if (leaks || i == BYTES_REALLOCATED)
            check_between(names[i], domain, low->figures[i], figures[i], high->figures[i]);
    return leaks;
}

void account_check_difference(const struct look *low_open, const struct look *high_open, const struct look *low,
                              const struct look *high, const tare_stats *stats)
{
    int64_t figures[RISING];
    rising_of(stats, figures);
    for (int i = 0; i < RISING; i++)
        check_between(names[i], TARE_PROCESS, low->figures[i] - high_open->figures[i], figures[i],
                      high->figures[i] - low_open->figures[i]);
    check_between("leaked_allocations", TARE_PROCESS, 0, (int64_t)stats->leaked_allocations, figures[ALLOCATIONS]);
}
