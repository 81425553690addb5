/* SPDX-License-Identifier: MIT */
/*
 * A snapshot built by hand, for reports to be held against:
 *
 *   site  allocations  bytes  realloc.  temp.  peak       live       stack
 *   1     1,024        1 MiB  3         1,000  2, 64,000  0          read_table (inlined in load) < main
 *   2     100          409,600          0      100, ...   3, 120     a std::vector that main grows
 *   3     1            5,120                   1, 5,120   1, 5,120   stdio's buffer, below puts < main
 *   4     1            72,704                  1, 72,704  1, 72,704  the C++ runtime's pool
 *   5     50           500                     0          50, 500    fib, 40 deep, truncated
 *   6     8            64                                 8, 64      plugin+0x110, no symbols; gone
 *
 * The process's figures are their sums, and 2 allocations of 20 bytes that have no site.
 */
#ifndef TEST_REPORT_SNAPSHOT_H
#define TEST_REPORT_SNAPSHOT_H

#include "pieces.h"
#include "snapshot.h"

enum { FIB_DEPTH = 40 };

enum { NO_MODULE, PROGRAM, LIBC, CXX, PLUGIN, LIBTARE, MODULES };
static struct tare__snapshot_module modules[MODULES] = {
    [PROGRAM] = {.low = 0x400000,
                 .end = 0x500000,
                 .bias = 0x400000,
                 .is_program = true,
                 .path = "/home/me/program",
                 .name = "program",
                 .build_id = {0xab, 0x01},
                 .build_id_bytes = 2},
    [LIBC] = {.low = 0x10000, .end = 0x20000, .bias = 0x10000, .path = "/lib/libc.so.6", .name = "libc.so.6"},
    [CXX] = {.low = 0x20000, .end = 0x30000, .bias = 0x20000, .path = "/lib/libstdc++.so.6", .name = "libstdc++.so.6"},
    [PLUGIN] = {.low = 0x30000,
                .end = 0x40000,
                .bias = 0x30000,
                .load_epoch = 1,
                .path = "/opt/plugin.so",
                .name = "plugin.so",
                .problem = "the file is gone"},
    [LIBTARE] = {.low = 0x40000, .end = 0x50000, .bias = 0x40000, .path = "/lib/libtare.so.0", .name = "libtare.so.0"},
};

enum {
    NO_PLACE,
    START,
    CALL_MAIN,
    MAIN_LOAD,
    MAIN_GROW,
    MAIN_PUTS,
    READ_TABLE,
    LOAD,
    NEW,
    ALLOCATE,
    REALLOC_INSERT,
    PUSH_BACK,
    DOALLOCATE,
    PUTS,
    POOL,
    FIB,
    MAIN_FIB,
    UNKNOWN,
    HOOK,
    PLACES
};
static struct tare__place places[PLACES] = {
    [START] = {.function = "_start"},
    [CALL_MAIN] = {.function = "__libc_start_call_main"},
    [MAIN_LOAD] = {"main", "/home/me/src/main.c", 14, false},
    [MAIN_GROW] = {"main", "/home/me/src/main.c", 15, false},
    [MAIN_PUTS] = {"main", "/home/me/src/main.c", 16, false},
    [READ_TABLE] = {"read_table", "table.c", 88, true},
    [LOAD] = {"load(table&, std::__cxx11::basic_string<char> const&)", "table.c", 120, false},
    [NEW] = {.function = "operator new(unsigned long)"},
    [ALLOCATE] = {"__gnu_cxx::new_allocator<int>::allocate(unsigned long, void const*)", "/usr/include/c++/12/new.h",
                  137, true},
    [REALLOC_INSERT] = {"void std::vector<int, std::allocator<int> >::_M_realloc_insert<int const&>(int const&)",
                        "/usr/include/c++/12/bits/vector.tcc", 440, false},
    [PUSH_BACK] = {"std::vector<int, std::allocator<int> >::push_back(int const&)",
                   "/usr/include/c++/12/bits/stl_vector.h", 1287, true},
    [DOALLOCATE] = {.function = "_IO_file_doallocate"},
    [PUTS] = {.function = "puts"},
    [POOL] = {.function = "(anonymous namespace)::pool::pool()"},
    [FIB] = {"fib", "fib.c", 3, false},
    [MAIN_FIB] = {"main", "/home/me/src/main.c", 17, false},
    [HOOK] = {"malloc", "interpose.c", 20, false},
};

#define FRAME(parent_, module_, depth_, place_, count_)                                                                \
    {                                                                                                                  \
        .parent = (parent_), .module = (module_), .depth = (depth_), .first_place = (place_), .place_count = (count_)  \
    }

enum {
    NO_FRAME,
    F_START,
    F_CALL_MAIN,
    F_MAIN_LOAD,
    F_LOAD,
    F_MAIN_GROW,
    F_INSERT,
    F_NEW,
    F_MAIN_PUTS,
    F_PUTS,
    F_DOALLOCATE,
    F_HOOK,
    F_POOL,
    F_CUT,
    F_MAIN_FIB,
    F_FIB,
    F_PLUGIN = F_FIB + FIB_DEPTH,
    FRAMES
};
static struct tare__snapshot_frame frames[FRAMES] = {
    [F_START] = FRAME(0, PROGRAM, 1, START, 1),
    [F_CALL_MAIN] = FRAME(F_START, LIBC, 2, CALL_MAIN, 1),
    [F_MAIN_LOAD] = FRAME(F_CALL_MAIN, PROGRAM, 3, MAIN_LOAD, 1),
    [F_LOAD] = FRAME(F_MAIN_LOAD, PROGRAM, 4, READ_TABLE, 2),
    [F_MAIN_GROW] = FRAME(F_CALL_MAIN, PROGRAM, 3, MAIN_GROW, 1),
    [F_INSERT] = FRAME(F_MAIN_GROW, PROGRAM, 4, ALLOCATE, 3),
    [F_NEW] = FRAME(F_INSERT, CXX, 5, NEW, 1),
    [F_MAIN_PUTS] = FRAME(F_CALL_MAIN, PROGRAM, 3, MAIN_PUTS, 1),
    [F_PUTS] = FRAME(F_MAIN_PUTS, LIBC, 4, PUTS, 1),
    [F_DOALLOCATE] = FRAME(F_PUTS, LIBC, 5, DOALLOCATE, 1),
    [F_HOOK] = FRAME(F_DOALLOCATE, LIBTARE, 6, HOOK, 1),
    [F_POOL] = FRAME(0, CXX, 1, POOL, 1),
    [F_CUT] = {.address = TARE__TRUNCATED_NO_RULE, .flags = TARE__FRAME_TRUNCATED, .depth = 1},
    [F_MAIN_FIB] = FRAME(F_CUT, PROGRAM, 2, MAIN_FIB, 1),
    [F_PLUGIN] = {.module = PLUGIN, .depth = 1, .first_place = UNKNOWN, .place_count = 1},
};

static struct tare__snapshot_site sites[] = {
    {.stack = F_LOAD,
     .allocations = 1024,
     .bytes_allocated = 1048576,
     .reallocations = 3,
     .temporary = 1000,
     .peak_blocks = 2,
     .peak_bytes = 64000},
    {.stack = F_NEW,
     .allocations = 100,
     .bytes_allocated = 409600,
     .peak_blocks = 100,
     .peak_bytes = 409600,
     .live_blocks = 3,
     .live_bytes = 120},
    {.stack = F_POOL,
     .is_runtime = true,
     .allocations = 1,
     .bytes_allocated = 72704,
     .peak_blocks = 1,
     .peak_bytes = 72704,
     .live_blocks = 1,
     .live_bytes = 72704},
    {.stack = F_HOOK,
     .allocations = 1,
     .bytes_allocated = 5120,
     .peak_blocks = 1,
     .peak_bytes = 5120,
     .live_blocks = 1,
     .live_bytes = 5120},
    {.stack = F_FIB + FIB_DEPTH - 1, .allocations = 50, .bytes_allocated = 500, .live_blocks = 50, .live_bytes = 500},
    {.stack = F_PLUGIN, .allocations = 8, .bytes_allocated = 64, .live_blocks = 8, .live_bytes = 64},
};

static struct tare__snapshot_point points[] = {{0, 0, 0}, {1000000, 551424, 551444}, {2000000, 5824, 551444}};

/* Call once. */
static struct tare__process build_process(void)
{
    for (uint32_t i = 0; i < FIB_DEPTH; i++)
        frames[F_FIB + i] =
            (struct tare__snapshot_frame)FRAME(i == 0 ? F_MAIN_FIB : F_FIB + i - 1, PROGRAM, 3 + i, FIB, 1);
    for (uint32_t i = 1; i < FRAMES; i++)
        if (frames[i].module != 0)
            frames[i].address = modules[frames[i].module].bias + 16 * frames[i].first_place;
    return (struct tare__process){
        .pid = 4242,
        .parent_pid = 1,
        .command = "program\0--load",
        .command_bytes = sizeof "program\0--load",
        .mode = "preload",
        .allocator = "libc.so.6",
        .stats = {.allocations = 1186,
                  .deallocations = 1121,
                  .reallocations = 3,
                  .bytes_allocated = 1536584,
                  .bytes_deallocated = 1458066,
                  .peak_bytes = 551444,
                  .leaked_allocations = 63,
                  .leaked_bytes = 5814},
        .sizes = {{8, 15, 1186}},
        .size_count = 1,
        .runtime_blocks = 1,
        .runtime_bytes = 72704,
        .origins = {.modules = modules,
                    .module_count = MODULES,
                    .frames = frames,
                    .frame_count = FRAMES,
                    .sites = sites,
                    .site_count = sizeof sites / sizeof *sites,
                    .places = places,
                    .place_count = PLACES,
                    .points = points,
                    .point_count = sizeof points / sizeof *points,
                    .siteless_allocations = 2,
                    .siteless_bytes = 20,
                    .siteless_live_blocks = 1,
                    .siteless_live_bytes = 10,
                    .siteless_peak_bytes = 20,
                    .truncated_allocations = 50},
    };
}

#endif
