/* SPDX-License-Identifier: MIT */
/* Pitfall 8: a C++ program that only uses new, whose malloc is called by the
 * C++ library alone. */
#include <tare/tare.h>

#include "check.h"

int main()
{
    CHECK_CONTAINS(tare_link_mode(), "static");
    tare_stats stats;
    tare_measure(&stats) {
        delete new char('x');
        delete[] new char[30];
    }
    CHECK_EQUAL(stats.allocations, 2);
    CHECK_EQUAL(stats.deallocations, 2);
    CHECK_EQUAL(stats.bytes_allocated, 31);
    CHECK_EQUAL(stats.inexact, 0);
    return 0;
}
