// SPDX-License-Identifier: MIT
// The executors in C++ of each standard, in two files of one program: this one and
// executors_ev.cc, because libev and libevent claim the same names.
#include <tare/async/event.h>
#include <tare/async/glib.h>
#include <tare/async/uv.h>

#include <initializer_list>

#include "check.h"

tare_stats measured_by_ev();

namespace {

void check_one_block(const tare_stats &stats)
{
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.bytes_allocated, sizeof(int));
    CHECK_EQUAL(stats.deallocations, 1);
}

void start(void *loop, void *argument, tare_async *async)
{
    CHECK(loop != nullptr && argument == nullptr);
    delete new int(3);
    CHECK_EQUAL(tare_async_done(async), 0);
}

} // namespace

int main()
{
    for (const tare_executor *executor : {&tare_uv, &tare_event, &tare_glib}) {
        tare_stats stats;
        CHECK_EQUAL(tare_measure_async(executor, start, nullptr, &stats), 0);
        check_one_block(stats);
#if __cplusplus >= 202002L
        CHECK_EQUAL(tare_measure_async(executor, start, nullptr, &stats, .name = "named", .timeout_ms = 5000), 0);
#else
        CHECK_EQUAL(tare_measure_async(executor, start, nullptr, &stats, "named", 5000), 0);
#endif
        check_one_block(stats);
    }
    check_one_block(measured_by_ev());
    return 0;
}
