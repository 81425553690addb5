/* SPDX-License-Identifier: MIT */
/* The table comes from the one list in tare.h, like everything else about
 * statistics. */
#include "statistic.h"

#include <string.h>

enum { CALLS, BLOCKS, BYTES };

const struct tare__statistic tare__statistics[] = {
#define ROW(type, name, unit, meaning) {#name, meaning, offsetof(tare_stats, name), unit == BYTES},
    TARE_STATISTICS(ROW)
#undef ROW
};
const size_t tare__statistic_count = sizeof tare__statistics / sizeof *tare__statistics;

#define WIDE(type, name, unit, meaning) _Static_assert(sizeof(type) == sizeof(int64_t), #name " is 64 bits wide");
TARE_STATISTICS(WIDE)
#undef WIDE

const struct tare__statistic *tare__statistic_named(const char *name, size_t length)
{
    for (size_t i = 0; i < tare__statistic_count; i++)
        if (strlen(tare__statistics[i].name) == length && memcmp(tare__statistics[i].name, name, length) == 0)
            return &tare__statistics[i];
    return NULL;
}

int64_t tare__statistic_value(const struct tare__statistic *statistic, const tare_stats *stats)
{
    int64_t value;
    memcpy(&value, (const char *)stats + statistic->offset, sizeof value);
    return value;
}
