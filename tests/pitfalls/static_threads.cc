/* SPDX-License-Identifier: MIT */
/* Pitfall 8: a C++ program whose threads are made by the C++ library alone. What
 * they allocate is their family's, and not that of the thread that began them. */
#include <cstdlib>
#include <tare/tare.h>
#include <thread>

#include "check.h"

static void allocate()
{
    free(malloc(100));
}

int main()
{
    CHECK_CONTAINS(tare_link_mode(), "static");
    tare_stats family, alone;
    tare_measure(&family, "family", TARE_FAMILY)
        tare_measure(&alone, "alone", TARE_THREAD)
            std::thread(allocate).join();
    CHECK_EQUAL(family.inexact, 0);
    CHECK_EQUAL(alone.inexact, 0);
    CHECK_EQUAL(family.allocations, alone.allocations + 1);
    CHECK_EQUAL(family.bytes_allocated, alone.bytes_allocated + 100);
    return 0;
}
