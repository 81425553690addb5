/* SPDX-License-Identifier: MIT */
/* Lists of sites as text. */
#include "sites_text.h"

#include "golden.h"
#include "snapshot.h"

static struct tare__process process;

static void expect_list(const char *metric, size_t top, size_t frames_max, const char *expected)
{
    struct written written;
    struct tare__sites_request request = {
        .metric = tare__metric_named(metric), .sites_max = top, .frames_max = frames_max};
    CHECK(request.metric != NULL);
    tare__report_sites(&process, &request, golden_open(&written));
    golden_check(&written, expected);
}

static void orders(void)
{
    expect_list("bytes", 2, 0,
                "most bytes allocated: 2 of 6 sites\n"
                "  1,048,576 bytes   68.2 %  in 1,024 allocations and 3 reallocations\n"
                "      read_table at table.c:88 (inlined)\n"
                "      load at table.c:120\n"
                "      main at /home/me/src/main.c:14\n"
                "    409,600 bytes   26.7 %  in 100 allocations\n"
                "      std::vector::push_back at /usr/include/c++/12/bits/stl_vector.h:1287 (inlined)\n"
                "      main at /home/me/src/main.c:15\n"
                "     78,388 bytes    5.1 %  ... and 4 more sites\n");
    expect_list("reallocations", 0, 1,
                "most reallocations: 1 site\n"
                "  3 reallocations  100.0 %  and 1,024 allocations\n"
                "      read_table at table.c:88 (inlined)\n"
                "      ... called through 2 more\n");
    expect_list("temporary", 0, 2,
                "most temporary allocations: 1 site\n"
                "  1,000 temporary allocations  100.0 %  of 1,024 allocations\n"
                "      read_table at table.c:88 (inlined)\n"
                "      load at table.c:120\n"
                "      ... called through 1 more\n");
}

/* The runtime's pools are no leaks, or are named apart; recursion is one line; what
 * is missing is said. */
static void leaks(void)
{
    expect_list("leak", 0, 0,
                "leaked: 3 sites\n"
                "  500 bytes    8.6 %  in 50 blocks\n"
                "      fib at fib.c:3 (40 times)\n"
                "      main at /home/me/src/main.c:17\n"
                "      (its callers are missing: no unwind tables)\n"
                "  120 bytes    2.1 %  in 3 blocks\n"
                "      std::vector::push_back at /usr/include/c++/12/bits/stl_vector.h:1287 (inlined)\n"
                "      main at /home/me/src/main.c:15\n"
                "   64 bytes    1.1 %  in 8 blocks\n"
                "      plugin.so+0x110\n");
    struct written written;
    tare__report_pools(&process, 2, golden_open(&written));
    golden_check(&written, "  kept by the runtime: C++ runtime 1 block 72,704 bytes, stdio 1 block 5,120 bytes\n");
    sites[1].suppressed_by = "push_*";
    tare__report_pools(&process, 0, golden_open(&written));
    golden_check(&written, "kept by the runtime: C++ runtime 1 block 72,704 bytes, stdio 1 block 5,120 bytes\n"
                           "suppressed: 3 blocks 120 bytes by leak:push_*\n");
    expect_list("leak", 1, 1,
                "leaked: 1 of 2 sites\n"
                "  500 bytes    8.6 %  in 50 blocks\n"
                "      fib at fib.c:3 (40 times)\n"
                "      ... called through 2 more\n"
                "   64 bytes    1.1 %  ... and 1 more site\n");
    sites[1].suppressed_by = NULL;
    tare__report_gaps(&process, 0, golden_open(&written));
    golden_check(&written, "1 stack is truncated: no unwind tables\n"
                           "without a site: 2 allocations, 20 bytes, of which live 10\n"
                           "no symbols of plugin.so: the file is gone\n");
}

/* All are hidden: then none is. The indent stands before every line. */
static void nothing_of_the_users(void)
{
    struct written written;
    struct tare__sites_request request = {
        .metric = tare__metric_named("peak"), .indent = 2, .heading = "", .no_shares = true};
    struct tare__snapshot_site site = {.stack = F_CALL_MAIN, .peak_bytes = 1, .peak_blocks = 1};
    struct tare__process one = process;
    one.origins.sites = &site;
    one.origins.site_count = 1;
    tare__report_sites(&one, &request, golden_open(&written));
    golden_check(&written, "    1 byte  in 1 block\n"
                           "        __libc_start_call_main in libc.so.6\n"
                           "        _start in program\n");
    site.stack = 0;
    tare__report_site(&one, &site, &request, golden_open(&written));
    golden_check(&written, "    1 byte  in 1 block\n"
                           "        (no stack)\n");
    one.origins.site_count = 0;
    tare__report_sites(&one, &request, golden_open(&written));
    golden_check(&written, "");
    tare__report_pools(&one, 2, golden_open(&written));
    golden_check(&written, "");
}

int main(void)
{
    process = build_process();
    orders();
    leaks();
    nothing_of_the_users();
    return 0;
}
