/* SPDX-License-Identifier: MIT */
/* Prints what lies where in a store, as the tables of docs/format.md have it: a line
 * "table field offset bytes" each. What no field takes up is padding; a field that
 * is missing here would be too. */
#include <stddef.h>
#include <stdio.h>

#include "store.h"

struct field {
    const char *name;
    size_t offset, bytes;
};

static void print(const char *table, const struct field *fields, size_t count, size_t size)
{
    size_t at = 0;
    for (size_t i = 0; i <= count; i++) {
        size_t offset = i < count ? fields[i].offset : size;
        if (offset > at)
            printf("%s padding %zu %zu\n", table, at, offset - at);
        if (i < count)
            printf("%s %s %zu %zu\n", table, fields[i].name, offset, fields[i].bytes);
        at = i < count ? offset + fields[i].bytes : size;
    }
}

#define FIELD(name)                                                                                                    \
    {                                                                                                                  \
#name, offsetof(STRUCT, name), sizeof(((const STRUCT *)0)->name)                                               \
    }
#define PRINT(table, ...)                                                                                              \
    do {                                                                                                               \
        const struct field fields[] = {__VA_ARGS__};                                                                   \
        print(table, fields, sizeof fields / sizeof *fields, sizeof(STRUCT));                                          \
    } while (0)

#define STRUCT struct tare__store
static void print_header(void)
{
    const struct field fields[] = {
        FIELD(magic),         FIELD(version),       FIELD(ready),         FIELD(kind),           FIELD(machine),
        FIELD(slot_count),    FIELD(slot_bytes),    FIELD(pid),           FIELD(parent_pid),     FIELD(sequence),
        FIELD(forked),        FIELD(started_ns),    FIELD(link_mode),     FIELD(allocator),      FIELD(program),
        FIELD(command),       FIELD(command_bytes), FIELD(command_cut),   FIELD(shared.net),     FIELD(shared.peak),
        FIELD(run_peak),      FIELD(inexact),       FIELD(children_lost), FIELD(runtime_blocks), FIELD(runtime_bytes),
        FIELD(pieces_offset), FIELD(piece_bytes),   FIELD(piece_count),   FIELD(peak_net),       FIELD(scope),
        FIELD(timeline),
    };
    print("header", fields, sizeof fields / sizeof *fields, offsetof(STRUCT, slots));
}
#undef STRUCT

#define STRUCT struct tare__saved_scope
static void print_scope(void)
{
    PRINT("scope", FIELD(name), FIELD(file), FIELD(line), FIELD(domain), FIELD(stats));
}
#undef STRUCT

#define STRUCT tare_stats
static void print_statistics(void)
{
#define STATISTIC(type, name, unit, text) FIELD(name),
    PRINT("statistics", TARE_STATISTICS(STATISTIC) FIELD(inexact));
#undef STATISTIC
}
#undef STRUCT

#define STRUCT struct tare__timeline
static void print_timeline(void)
{
    PRINT("timeline", FIELD(count), FIELD(writing), FIELD(every), FIELD(points));
}
#undef STRUCT

#define STRUCT struct tare__point
static void print_point(void)
{
    PRINT("point", FIELD(time_ns), FIELD(live_bytes), FIELD(peak_bytes));
}
#undef STRUCT

#define STRUCT struct tare__slot
static void print_slot(void)
{
#define COUNTER(name) {#name, offsetof(STRUCT, counters.name), sizeof(((const STRUCT *)0)->counters.name)},
    PRINT("slot",
          COUNTER(recording) COUNTER(peak) TARE__COUNTERS(COUNTER) COUNTER(foreign.blocks) COUNTER(foreign.bytes)
              FIELD(taken),
          FIELD(histogram));
#undef COUNTER
}
#undef STRUCT

#define STRUCT struct tare__piece
static void print_piece(void)
{
    PRINT("piece", FIELD(kind), FIELD(record_bytes), FIELD(first_id), FIELD(used));
}
#undef STRUCT

#define STRUCT struct tare__site
static void print_site(void)
{
    PRINT("site", FIELD(stack), FIELD(scopes), FIELD(allocations), FIELD(bytes_allocated), FIELD(live_blocks),
          FIELD(live_bytes), FIELD(peak_at), FIELD(peak_blocks), FIELD(peak_bytes), FIELD(reallocations),
          FIELD(temporary), FIELD(elsewhere_blocks), FIELD(elsewhere_bytes));
}
#undef STRUCT

#define STRUCT struct tare__frame
static void print_frame(void)
{
    PRINT("frame", FIELD(address), FIELD(parent), FIELD(module), FIELD(flags), FIELD(depth));
}
#undef STRUCT

#define STRUCT struct tare__module
static void print_module(void)
{
    PRINT("module", FIELD(low), FIELD(end), FIELD(bias), FIELD(load_epoch), FIELD(build_id_bytes), FIELD(build_id),
          FIELD(path_cut), FIELD(is_program), FIELD(path));
}
#undef STRUCT

int main(void)
{
    print_header();
    print_scope();
    print_statistics();
    print_timeline();
    print_point();
    print_slot();
    print_piece();
    print_site();
    print_frame();
    print_module();
    printf("version %u\nslots at %zu\n", TARE__STORE_VERSION, offsetof(struct tare__store, slots));
    printf("inexact");
#define REASON(name, text) printf(" %s", #name);
    TARE_INEXACT_REASONS(REASON)
#undef REASON
    printf("\n");
    return 0;
}
