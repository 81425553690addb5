/* SPDX-License-Identifier: MIT */
/* Pitfall 8: a program that itself never makes a thread, so that no archive member
 * with pthread_create is needed for it. Its library's thread belongs to the family,
 * and is joined in an exclusive scope. */
#include <tare/tare.h>

#include "check.h"

void module_makes_thread(void);

static void check_domain(tare_domain domain)
{
    tare_stats stats;
    tare_measure(&stats, .domain = domain, .watchdog_ms = 5000) {
        module_makes_thread();
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.bytes_allocated, 100);
    CHECK_EQUAL(stats.peak_bytes, 100);
}

int main(void)
{
    CHECK_CONTAINS(tare_link_mode(), "static");
    check_domain(TARE_FAMILY);
    check_domain(TARE_EXCLUSIVE);
    return 0;
}
