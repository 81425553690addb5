// SPDX-License-Identifier: MIT
// The other file of executors.cc.
#include <tare/async/ev.h>

#include "check.h"

tare_stats measured_by_ev();

tare_stats measured_by_ev()
{
    tare_stats stats;
    auto start = [](void *, void *, tare_async *) { delete new int(3); };
    CHECK_EQUAL(tare_measure_async(&tare_ev, start, nullptr, &stats), 0);
    return stats;
}
