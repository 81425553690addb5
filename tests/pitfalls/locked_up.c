/* SPDX-License-Identifier: MIT */
/*
 * A program that locks itself up with seccomp once it has started: after that
 * only memory, futex, write and the ends of threads are allowed, and anything
 * else kills. Threads that are there by then make their first allocations,
 * open and close scopes and read each other's, exactly.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "exactly.h"

enum { THREADS = 3, ROUNDS = 20000 };

#define ALLOW(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void lock_up(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(mmap),
        ALLOW(munmap),
        ALLOW(mremap),
        ALLOW(madvise),
        ALLOW(mprotect),
        ALLOW(brk),
        ALLOW(futex),
        ALLOW(write),
        ALLOW(exit),
        ALLOW(exit_group),
        ALLOW(rt_sigreturn),
        ALLOW(rt_sigprocmask), /* libc's, at the end of a thread */
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
        SKIP("the system has no seccomp filters");
}

static pthread_barrier_t barrier;
static tare_scope *all;
static _Atomic uint64_t allocations;
static void *handed_over[THREADS];

static void *work(void *argument)
{
    uintptr_t number = (uintptr_t)argument;
    pthread_barrier_wait(&barrier); /* 0: it runs, and libc has set it up */
    pthread_barrier_wait(&barrier); /* 1: locked up, a scope is open */
    tare_stats stats;
    for (int i = 0; i < ROUNDS; i++) {
        free(malloc(64));
        if (i % 16 != 0)
            continue;
        tare_measure(&stats, .domain = i % 32 ? TARE_PROCESS : TARE_THREAD)
            free(malloc(1000));
        CHECK_EQUAL(stats.inexact, 0);
        CHECK(stats.allocations >= 1);
        allocations += 1;
        if (i % 128 == 0)
            CHECK(tare_read(all, &stats) == 0);
    }
    allocations += ROUNDS + 2;
    handed_over[number] = malloc(1u << 20);                       /* mmap, and a new leaf perhaps */
    handed_over[number] = realloc(handed_over[number], 3u << 20); /* mremap */
    free(aligned_alloc(4096, 8192));
    pthread_barrier_wait(&barrier); /* 2: done */
    pthread_barrier_wait(&barrier); /* 3: read */
    for (int i = 0; i < 50; i++) {
        check_exact(TARE_THREAD);
        tare_measure(&stats)
            free(malloc(40));
        CHECK_EQUAL(stats.allocations, 1);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    CHECK(pthread_barrier_init(&barrier, NULL, THREADS + 1) == 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    pthread_barrier_wait(&barrier);
    lock_up();
    check_all_exact();
    tare_stats stats;
    all = tare_open(.domain = TARE_PROCESS);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < THREADS; i++)
        free(handed_over[i]);
    CHECK(tare_close(all, &stats) == 0);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, allocations);
    CHECK_EQUAL(stats.deallocations, allocations);
    CHECK_EQUAL(stats.reallocations, THREADS);
    CHECK_EQUAL(stats.leaked_allocations, 0);
    CHECK(stats.peak_bytes >= THREADS * (3u << 20));
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    check_all_exact();
    return 0;
}
