// SPDX-License-Identifier: MIT
// A block that an exception leaves is closed and filled, in C++ and in C with
// -fexceptions, and the next scope is exact.
#include "left_by_exception.h"

#include <sched.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "exactly.h"

namespace {

struct plain_error {
    int value;
};

void leave_block(tare_stats *stats, tare_domain domain)
{
    tare_measure(stats, "thrown", domain) {
        free(malloc(21));
        throw plain_error{7};
    }
}

void check(void (*leave)(tare_stats *, tare_domain), tare_domain domain)
{
    tare_stats stats;
    bool caught = false;
    try {
        leave(&stats, domain);
    } catch (const plain_error &error) {
        caught = error.value == 7;
    }
    CHECK(caught);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.allocations, 2); // the exception itself is the second
    CHECK(stats.bytes_allocated >= 21 + sizeof(plain_error));
    CHECK_EQUAL(stats.leaked_allocations, 1);
    check_domains_exact(domain == TARE_PROCESS);
}

// A task that an exception leaves is left: what follows is not the task's.
void check_task(bool in_c)
{
    tare_scope *task = tare_open("thrown", TARE_TASK);
    tare_stats stats;
    bool caught = false;
    try {
        if (in_c)
            leave_task_in_c(task);
        tare_in_task(task) {
            free(malloc(21));
            throw plain_error{7};
        }
    } catch (const plain_error &) {
        caught = true;
    }
    CHECK(caught);
    free(malloc(5000));
    CHECK_EQUAL(tare_close(task, &stats), 0);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 2);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK(stats.bytes_allocated < 5000);
    check_domains_exact(true);
}

} // namespace

void throw_from_cxx()
{
    throw plain_error{7};
}

int main()
{
    std::atomic<bool> stop(false);
    std::atomic<long> calls(0);
    std::thread other([&] {
        for (; !stop; calls++)
            free(malloc(3)); // waits for the exclusive ones
    });
    for (tare_domain domain : {TARE_THREAD, TARE_FAMILY, TARE_EXCLUSIVE, TARE_TASK})
        for (int i = 0; i < 3; i++) {
            check(leave_block, domain);
            check(leave_block_in_c, domain);
            for (long before = calls; calls < before + 3;) // and goes on
                sched_yield();
        }
    stop = true;
    other.join();
    for (int i = 0; i < 3; i++) {
        check(leave_block, TARE_PROCESS);
        check(leave_block_in_c, TARE_PROCESS);
        check_task(i % 2 == 0);
    }
    return 0;
}
