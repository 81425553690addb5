/* SPDX-License-Identifier: MIT */
#include "scope_file.h"

#include "check.h"
#include "recording.h"

struct frames {
    const struct tare__origins *origins;
    uint32_t at;
};

static uint64_t next_address(void *context)
{
    struct frames *frames = context;
    const struct tare__snapshot_frame *frame = &frames->origins->frames[frames->at];
    if (frames->at == 0)
        return 0;
    frames->at = frame->parent;
    return frame->address;
}

/* All that is wrong with a file is told, and then the test ends. */
static bool wrong;

static void expect_figure(const char *what, const char *name, int64_t actual, int64_t expected, const char *where)
{
    if (actual == expected)
        return;
    dprintf(2, "%s: %s has %s %" PRId64 ", expected %" PRId64 "\n", where, what, name, actual, expected);
    wrong = true;
}

#define FIGURES(X)                                                                                                     \
    X(allocations)                                                                                                     \
    X(bytes_allocated)                                                                                                 \
    X(reallocations)                                                                                                   \
    X(temporary)                                                                                                       \
    X(live_blocks)                                                                                                     \
    X(live_bytes)                                                                                                      \
    X(peak_blocks)                                                                                                     \
    X(peak_bytes)

/* Stacks that differ only in who called the root are one here. */
static void add_site(const struct tare__origins *origins, const struct tare__snapshot_site *site,
                     struct model_figures *all, const char *where)
{
    struct frames frames = {origins, site->stack};
    int stack = known_stack_of(next_address, &frames);
    if (stack < 0) {
        dprintf(2, "%s: a site with %" PRIu64 " allocations is of no known stack\n", where, site->allocations);
        wrong = true;
        return;
    }
#define ADD(name) all[stack].name += (int64_t)site->name;
    FIGURES(ADD)
#undef ADD
}

static void check_sites(const struct tare__origins *origins, const struct model_figures *expected, const char *where,
                        struct scope_file_totals *totals)
{
    static struct model_figures all[KNOWN_STACKS + 1]; /* too much for a stack */
    memset(all, 0, sizeof all);
    for (size_t i = 0; i < origins->site_count; i++)
        add_site(origins, &origins->sites[i], all, where);
    for (unsigned stack = 0; stack <= KNOWN_STACKS; stack++) {
        char what[64];
        snprintf(what, sizeof what, "stack %u (path %u, leaf %u, thread %u)", stack, known_stack_path(stack),
                 (unsigned)known_stack_leaf(stack), known_stack_root(stack));
#define EXPECT(name) expect_figure(what, #name, all[stack].name, expected[stack].name, where);
        FIGURES(EXPECT)
#undef EXPECT
        totals->sites += all[stack].allocations + all[stack].reallocations != 0;
        totals->shares += all[stack].peak_bytes != 0;
    }
}

void scope_file_check_statistics(const tare_stats *actual, const struct model_scope *expected, const char *where)
{
#define EXPECT_STATISTIC(type, name, unit, text)                                                                       \
    expect_figure("the scope", #name, (int64_t)actual->name, (int64_t)expected->stats.name, where);
    TARE_STATISTICS(EXPECT_STATISTIC)
    CHECK_EQUAL(actual->inexact, 0);
}

void scope_file_check(const char *path, const struct model_scope *expected, const char *where,
                      struct scope_file_totals *totals)
{
    char reason[256];
    struct tare__snapshot snapshot = {0};
    if (tare__recording_read_file(path, &snapshot, reason, sizeof reason) != 0) {
        dprintf(2, "%s: %s\n", where, reason);
        _exit(1);
    }
    const struct tare__process *process = &snapshot.processes[0];
    const struct tare__origins *origins = &process->origins;
    CHECK(process->is_scope);
    scope_file_check_statistics(&process->stats, expected, where);
    CHECK_EQUAL(origins->siteless_allocations, 0);
    CHECK_EQUAL(origins->siteless_bytes, 0);
    CHECK_EQUAL(origins->siteless_live_blocks, 0);
    CHECK_EQUAL(origins->siteless_live_bytes, 0);
    CHECK_EQUAL(origins->truncated_allocations, 0);
    check_sites(origins, expected->of, where, totals);
    CHECK(!wrong);
    tare__snapshot_free(&snapshot);
}
