/* SPDX-License-Identifier: MIT */
/* A process as a profile: every total is the process's own statistic. */
#include "profile_of_snapshot.h"

#include "check.h"
#include "metric.h"
#include "snapshot.h"

static struct tare__profile profile_of(const struct tare__process *process)
{
    struct tare__profile profile;
    CHECK_EQUAL(tare__profile_of_process(NULL, process, &profile), 0);
    return profile;
}

static void expect_total(const struct tare__profile *profile, const char *type, int64_t expected)
{
    int64_t total;
    size_t index = tare__profile_type_named(profile, type);
    CHECK(index < profile->type_count && tare__profile_total(profile, index, &total));
    if (total != expected)
        dprintf(2, "the total of %s\n", type);
    CHECK_EQUAL(total, expected);
}

static void totals(const struct tare__process *process)
{
    struct tare__profile profile = profile_of(process);
    const tare_stats *stats = &process->stats;
    expect_total(&profile, "alloc_objects", (int64_t)stats->allocations);
    expect_total(&profile, "alloc_space", (int64_t)stats->bytes_allocated);
    expect_total(&profile, "peak_space", (int64_t)stats->peak_bytes);
    expect_total(&profile, "leaked_objects", (int64_t)stats->leaked_allocations);
    expect_total(&profile, "leaked_space", (int64_t)stats->leaked_bytes);
    expect_total(&profile, "inuse_objects", (int64_t)stats->leaked_allocations + 1); /* the runtime's pool */
    expect_total(&profile, "inuse_space", (int64_t)stats->leaked_bytes + 72704);
    expect_total(&profile, "peak_objects", 104);
    expect_total(&profile, "temporary_objects", 1000);
    expect_total(&profile, "reallocations", (int64_t)stats->reallocations);
    CHECK(strcmp(profile.types[profile.default_type].name, "alloc_space") == 0);
    for (size_t i = 0; i < tare__metric_count; i++)
        CHECK(tare__profile_type_named(&profile, tare__metrics[i].profile_type) < profile.type_count);
    tare__profile_free(&profile);
}

static void suppressed(struct tare__process *process)
{
    sites[1].suppressed_by = "push_*";
    process->stats.leaked_allocations -= 3;
    process->stats.leaked_bytes -= 120;
    struct tare__profile profile = profile_of(process);
    expect_total(&profile, "leaked_objects", 60);
    expect_total(&profile, "leaked_space", 5694);
    expect_total(&profile, "inuse_objects", 64);
    expect_total(&profile, "inuse_space", 78518);
    tare__profile_free(&profile);
    process->stats.leaked_allocations += 3;
    process->stats.leaked_bytes += 120;
    sites[1].suppressed_by = NULL;
}

static const struct tare__profile_frame *frame_at(const struct tare__profile *profile, uint32_t stack)
{
    return &profile->frames[profile->stacks[stack].frame];
}

/* What is hidden in text is left out here too; what is inlined, or cut off, is said. */
static void stacks(struct tare__process *process)
{
    struct tare__profile profile = profile_of(process);
    uint32_t stack = profile.samples[0].stack;
    const struct tare__profile_frame *inner = frame_at(&profile, stack);
    CHECK(strcmp(inner->function, "read_table") == 0 && inner->inlined && inner->line == 88);
    CHECK(strcmp(profile.modules[inner->module].path, "/home/me/program") == 0);
    CHECK(strcmp(profile.modules[inner->module].build_id, "ab01") == 0);
    stack = profile.stacks[stack].parent;
    CHECK(strncmp(frame_at(&profile, stack)->function, "load(", 5) == 0 && !frame_at(&profile, stack)->inlined);
    CHECK_EQUAL(frame_at(&profile, stack)->address, inner->address);
    stack = profile.stacks[stack].parent;
    CHECK(strcmp(frame_at(&profile, stack)->function, "main") == 0);
    CHECK_EQUAL(profile.stacks[stack].parent, 0);
    for (stack = profile.samples[4].stack; profile.stacks[stack].parent != 0;)
        stack = profile.stacks[stack].parent;
    CHECK(strcmp(frame_at(&profile, stack)->function, "[truncated: no unwind tables]") == 0);
    CHECK_EQUAL(profile.sample_count, process->origins.site_count + 1);
    stack = profile.samples[profile.sample_count - 1].stack;
    CHECK(strcmp(frame_at(&profile, stack)->function, "[no call stack]") == 0);
    tare__profile_free(&profile);
}

static void labels(struct tare__process *process)
{
    struct tare__profile profile = profile_of(process);
    CHECK_EQUAL(profile.label_count, 1);
    CHECK(strcmp(profile.labels[0].key, "pid") == 0);
    CHECK_EQUAL(profile.labels[0].number, 4242);
    CHECK(strcmp(profile.title, "program --load") == 0);
    CHECK_EQUAL(profile.duration_ns, 2000000);
    tare__profile_free(&profile);
    process->is_scope = true;
    strcpy(process->scope_name, "load");
    profile = profile_of(process);
    CHECK_EQUAL(profile.label_count, 2);
    CHECK(strcmp(profile.labels[1].text, "load") == 0);
    CHECK(strcmp(profile.title, "load") == 0);
    tare__profile_free(&profile);
}

int main(void)
{
    struct tare__process process = build_process();
    totals(&process);
    suppressed(&process);
    stacks(&process);
    labels(&process);
    process.origins.site_count = process.origins.point_count = 0;
    struct tare__profile profile = profile_of(&process);
    CHECK_EQUAL(profile.sample_count, 1);
    tare__profile_free(&profile);
    return 0;
}
