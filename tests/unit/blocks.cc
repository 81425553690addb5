// SPDX-License-Identifier: MIT
// Every form of tare.h in C++, as headers.sh compiles it from C++11 to C++20.
#include <cstdlib>
#include <memory>
#include <tare/tare.h>

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            return __LINE__ % 255 + 1;                                                                                 \
    } while (0)

namespace {

int failures = 0;

void count(const tare_failure *, void *)
{
    failures++;
}

void one_pair(void *)
{
    std::unique_ptr<int> made(new int(1));
}

int returns(tare_stats *stats)
{
    tare_measure(stats) {
        one_pair(nullptr);
        return 7;
    }
    return 0;
}

// By place, which is all that standards before C++20 have.
#if __cplusplus < 202002L
int check_options()
{
    tare_stats stats;
    tare_measure(&stats, "by place", TARE_PROCESS)
        one_pair(nullptr);
    REQUIRE(stats.allocations == 1);
    tare_scope *scope = tare_open("by place", TARE_PROCESS);
    one_pair(nullptr);
    REQUIRE(tare_close(scope, &stats) == 0 && stats.allocations == 1);
    return 0;
}
#else
int check_options()
{
    tare_stats stats;
    tare_measure(&stats, .name = "by name", .domain = TARE_PROCESS)
        one_pair(nullptr);
    REQUIRE(stats.allocations == 1);
    tare_scope *scope = tare_open(.name = "by name", .domain = TARE_PROCESS);
    one_pair(nullptr);
    REQUIRE(tare_close(scope, &stats) == 0 && stats.allocations == 1);
    tare_expect(.allocations = tare_exactly(1), .leaked_bytes = tare_none, .name = "a pair")
        one_pair(nullptr);
    REQUIRE(failures == 0);
    tare_expect(.allocations = tare_none)
        one_pair(nullptr);
    REQUIRE(failures == 1);
    REQUIRE(tare_check(&stats, .allocations = tare_exactly(1)));
    REQUIRE(!tare_check(&stats, .allocations = tare_at_least(2)));
    REQUIRE(failures == 2);
    failures = 0;
    return 0;
}
#endif

int leaves_task(tare_scope *task)
{
    tare_in_task(task) {
        one_pair(nullptr);
        return 7;
    }
    return 0;
}

// Left by its end, by return and by an exception.
int check_tasks()
{
    tare_stats stats;
    tare_options options = tare_options();
    options.domain = TARE_TASK;
    tare_scope *task = tare_open_with(&options);
    tare_in_task(task)
        one_pair(nullptr);
    REQUIRE(leaves_task(task) == 7);
    try {
        tare_in_task(task) {
            one_pair(nullptr);
            throw 1;
        }
    } catch (int) {
    }
    one_pair(nullptr);
    REQUIRE(tare_close(task, &stats) == 0 && failures == 0);
    REQUIRE(stats.allocations == 4 && stats.inexact == 0); // the exception is a block, too
    return 0;
}

int check_blocks()
{
    tare_stats stats, inner;
    tare_measure(&stats) {
        tare_measure(&inner)
            one_pair(nullptr);
        one_pair(nullptr);
    }
    REQUIRE(stats.allocations == 2 && inner.allocations == 1);
    REQUIRE(returns(&stats) == 7 && stats.allocations == 1);

    tare_expectation pair = tare_expectation();
    pair.allocations = tare_exactly(1);
    pair.leaked_bytes = tare_none;
    tare_expect(pair)
        one_pair(nullptr);
    tare_expect_no_leaks()
        one_pair(nullptr);
    REQUIRE(tare_check(&stats, pair));
    REQUIRE(failures == 0);
    tare_expect_no_allocations()
        one_pair(nullptr);
    tare_expect(pair) {
    }
    REQUIRE(failures == 2);

    tare_scope *scope = tare_open();
    one_pair(nullptr);
    REQUIRE(tare_read(scope, &stats) == 0 && stats.allocations == 1);
    REQUIRE(tare_close(scope, nullptr) == 0);
    stats = tare_measured(one_pair, nullptr);
    REQUIRE(stats.allocations == 1);
    return 0;
}

} // namespace

int main()
{
    tare_set_failure_handler(count, nullptr, nullptr, nullptr);
    const int status = check_options();
    if (status != 0)
        return status;
    const int tasks = check_tasks();
    return tasks != 0 ? tasks : check_blocks();
}
