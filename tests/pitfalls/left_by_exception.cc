// SPDX-License-Identifier: MIT
// A block that an exception leaves is closed and filled, in C++ and in C with
// -fexceptions, and the next scope is exact.
#include "left_by_exception.h"

#include <stdexcept>

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
    check_all_exact();
}

} // namespace

void throw_from_cxx()
{
    throw plain_error{7};
}

int main()
{
    for (tare_domain domain : {TARE_THREAD, TARE_PROCESS})
        for (int i = 0; i < 3; i++) {
            check(leave_block, domain);
            check(leave_block_in_c, domain);
        }
    return 0;
}
