/* SPDX-License-Identifier: MIT */
/* Every form of tare.h in plain C11, as headers.sh compiles it in each standard. */
#include <stdlib.h>
#include <tare/tare.h>

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            return __LINE__ % 255 + 1;                                                                                 \
    } while (0)

static int failures;

static void count(const tare_failure *failure, void *context)
{
    (void)failure;
    (void)context;
    failures++;
}

static void one_pair(void *argument)
{
    (void)argument;
    free(malloc(10));
}

/* Left by return: measured all the same. */
static int returns(tare_stats *stats)
{
    tare_measure(stats) {
        one_pair(NULL);
        return 7;
    }
    return 0;
}

int main(void)
{
    tare_stats stats, inner;
    tare_set_failure_handler(count, NULL, NULL, NULL);

    tare_measure(&stats)
        one_pair(NULL);
    REQUIRE(stats.allocations == 1 && stats.bytes_allocated == 10);
    tare_measure(&stats, .domain = TARE_PROCESS, .name = "all") {
        tare_measure(&inner, .name = "inner")
            one_pair(NULL);
        one_pair(NULL);
    }
    REQUIRE(stats.allocations == 2 && inner.allocations == 1);
    REQUIRE(returns(&stats) == 7 && stats.allocations == 1);
    for (int i = 0; i < 3; i++) {
        tare_measure(&stats) {
            if (i == 1)
                continue;
            one_pair(NULL);
        }
        REQUIRE(stats.allocations == (i == 1 ? 0u : 1u));
    }

    tare_expect(.allocations = tare_exactly(1), .peak_bytes = tare_at_most(10), .name = "a pair")
        one_pair(NULL);
    tare_expect(.domain = TARE_PROCESS, .leaked_bytes = tare_none)
        one_pair(NULL);
    tare_expect_no_leaks()
        one_pair(NULL);
    REQUIRE(failures == 0);
    tare_expect_no_allocations()
        one_pair(NULL);
    REQUIRE(failures == 1);
    REQUIRE(tare_check(&stats, .allocations = tare_exactly(1), .deallocations = tare_between(0, 5)));
    REQUIRE(!tare_check(&stats, .allocations = tare_at_least(2)));
    REQUIRE(failures == 2);

    tare_scope *scope = tare_open();
    tare_scope *process = tare_open(.domain = TARE_PROCESS, .name = "process");
    one_pair(NULL);
    REQUIRE(tare_read(process, &stats) == 0 && stats.allocations == 1);
    REQUIRE(tare_reset(process, NULL) == 0);
    REQUIRE(tare_close(process, &stats) == 0 && stats.allocations == 0);
    REQUIRE(tare_close(scope, &stats) == 0 && stats.allocations == 1);

    scope = tare_open(.domain = TARE_TASK);
    for (int i = 0; i < 3; i++)
        tare_in_task(scope) {
            if (i == 1)
                continue;
            one_pair(NULL);
        }
    one_pair(NULL);
    REQUIRE(tare_close(scope, &stats) == 0 && stats.allocations == 2);
    tare_measure(&stats, .domain = TARE_EXCLUSIVE, .watchdog_ms = 500)
        one_pair(NULL);
    REQUIRE(stats.allocations == 1);

    stats = tare_measured(one_pair, NULL);
    inner = tare_measured(one_pair, NULL);
    REQUIRE(tare_stats_equal(&stats, &inner));
    return 0;
}
