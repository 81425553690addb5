/* SPDX-License-Identifier: MIT */
/* The stress's forks: a child goes on with the scopes of its thread, opens some
 * of each domain, and ends well. */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "stress.h"

static void *allocate(void *size)
{
    free(malloc((size_t)size));
    return NULL;
}

/* Known figures, to the digit. */
static void check_domain(tare_domain domain)
{
    tare_stats stats;
    pthread_t thread;
    tare_scope *task = tare_open(.domain = TARE_TASK);
    tare_measure(&stats, .domain = domain) {
        void *block = realloc(malloc(100), 300);
        CHECK(pthread_create(&thread, NULL, allocate, (void *)1000) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
        tare_in_task(task) {
            free(block);
        }
    }
    bool both = domain == TARE_FAMILY || domain == TARE_PROCESS || domain == TARE_EXCLUSIVE;
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, both ? 2 : 1);
    CHECK_EQUAL(stats.deallocations, both ? 2 : 1);
    CHECK_EQUAL(stats.bytes_allocated, both ? 1300 : 300);
    CHECK_EQUAL(stats.peak_bytes, both ? 1300 : 300);
    CHECK_EQUAL(stats.leaked_allocations, 0);
    CHECK_EQUAL(tare_close(task, &stats), 0);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.bytes_deallocated, 300);
}

static _Noreturn void be_child(struct worker *worker)
{
    alarm(CHILD_SECONDS_MAX);
    account_fork_child();
    worker->alone = true;
    steps(worker, 30);
    tare_stats stats;
    struct look low = account_low(of_all);
    CHECK_EQUAL(tare_read(whole, &stats), 0);
    struct look high = account_high(of_all);
    judge(worker, of_all, &low, &high, &stats, true);
    handles_close(worker, false);
    for (tare_domain domain = TARE_THREAD; domain <= TARE_TASK; domain++)
        check_domain(domain);
    _exit(0);
}

void fork_and_wait(struct worker *worker)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        be_child(worker);
    int status;
    while (waitpid(child, &status, 0) < 0)
        CHECK(errno == EINTR);
    CHECK_EQUAL(status, 0);
    atomic_fetch_add(&totals.forks, 1);
}
