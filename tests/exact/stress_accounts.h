/* SPDX-License-Identifier: MIT */
/*
 * The accounts of the randomised stress: what each scope should say, kept by
 * those that it counts.
 *
 * Threads go on while a scope is read, so each figure is kept as two: low takes
 * what lowers it before the call and what raises it after, high the other way
 * round. What tare says lies between them at any moment, and where nobody is in
 * a call they are equal. Nothing here allocates.
 */
#ifndef STRESS_ACCOUNTS_H
#define STRESS_ACCOUNTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <tare/tare.h>
#include <unistd.h>

/* printf that allocates nothing, and so waits for nobody. */
#define SAY(descriptor, ...)                                                                                           \
    do {                                                                                                               \
        char text_[600];                                                                                               \
        int length_ = snprintf(text_, sizeof text_, __VA_ARGS__);                                                      \
        if (write(descriptor, text_, (size_t)length_) < 0)                                                             \
            _exit(1);                                                                                                  \
    } while (0)

enum figure {
    ALLOCATIONS, /* these only rise */
    DEALLOCATIONS,
    REALLOCATIONS,
    BYTES_ALLOCATED,
    BYTES_DEALLOCATED,
    FAILED,
    RISING,
    BYTES_REALLOCATED = RISING, /* these do not */
    LEAKED,
    LEAKED_BYTES,
    FIGURES
};

struct bounds {
    _Atomic int64_t low, high;
};

struct account {
    struct bounds figures[FIGURES], net;
    _Atomic int64_t peak_low, peak_high;
    _Atomic uint64_t begun, done; /* calls */
    int64_t taken[RISING];        /* by resets while other threads were counted */
    tare_domain domain;
    atomic_bool shared; /* other threads were counted at times */
    bool reset_beside;  /* such a reset was made: the rest can't be told */
    atomic_bool left_by_jump;
    atomic_bool closed;
    atomic_uint users;
    struct account *next_free;
};

/* One call: what it does to the scopes that count its thread, and to those that
 * its block was born in. */
struct call {
    int64_t figures[FIGURES], net;
};

enum { BIRTHS_MAX = 48 };

struct block {
    size_t size;
    uint32_t births;
    struct account *born_in[];
};

/* An account with one user, all 0. */
struct account *account_new(tare_domain domain);
void account_use(struct account *account);
void account_leave(struct account *account);

/* In a child of fork, first of all. */
void account_fork_child(void);

/* Around a call. */
void account_before(struct account *account, const struct call *call);
void account_after(struct account *account, const struct call *call);

/* A copy of the low or the high figures. */
struct look {
    int64_t figures[FIGURES], peak;
    uint64_t begun, done;
};
struct look account_low(struct account *account);
struct look account_high(struct account *account);

/* Checks what tare said between two looks at the account. True where each figure
 * could be compared to the digit. `leaks`: those are still the account's. */
bool account_check(struct account *account, const struct look *low, const struct look *high, const tare_stats *stats,
                   bool leaks);

/* The same for a scope over the process, between four looks at the account of all. */
void account_check_difference(const struct look *low_open, const struct look *high_open, const struct look *low,
                              const struct look *high, const tare_stats *stats);

/* The figures that only rise. */
void rising_of(const tare_stats *stats, int64_t figures[RISING]);

#endif
