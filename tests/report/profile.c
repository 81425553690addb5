/* SPDX-License-Identifier: MIT */
/* Profiles: what is equal is there once, and what is added up comes out to the last one. */
#include "profile.h"

#include <errno.h>

#include "check.h"
#include "frame_name.h"

static const struct tare__profile_type two_types[] = {{"alloc_objects", "count"}, {"alloc_space", "bytes"}};

static struct tare__profile new_profile(void)
{
    struct tare__profile profile;
    CHECK_EQUAL(tare__profile_init(&profile, two_types, 2), 0);
    return profile;
}

static uint32_t function(struct tare__profile *profile, const char *name)
{
    return tare__profile_add_frame(profile, &(struct tare__profile_frame){.function = name, .module = TARE__NONE});
}

/* One whose stack is main < name, in a program that lies at `low`. */
static void add(struct tare__profile *profile, const char *name, uint64_t low, int64_t objects, int64_t bytes)
{
    char path[] = "/bin/program"; /* text is copied */
    struct tare__profile_module program = {.path = path, .build_id = "ab01", .low = low, .end = low + 0x1000};
    uint32_t module = tare__profile_add_module(profile, &program);
    struct tare__profile_frame inner = {name, "p.c", 7, module, low + 0x10, false};
    uint32_t stack = tare__profile_add_stack(profile, 0, function(profile, "main"));
    stack = tare__profile_add_stack(profile, stack, tare__profile_add_frame(profile, &inner));
    const struct tare__profile_label label = {.key = "scope", .text = "test"};
    uint32_t labels = tare__profile_add_labels(profile, &label, 1);
    memset(path, 'x', sizeof path - 1);
    CHECK_EQUAL(tare__profile_add_sample(profile, stack, labels, (int64_t[]){objects, bytes}), 0);
}

static void expect_total(const struct tare__profile *profile, size_t type, int64_t expected)
{
    int64_t total;
    CHECK(tare__profile_total(profile, type, &total));
    CHECK_EQUAL(total, expected);
}

static void adds_once(void)
{
    struct tare__profile profile = new_profile();
    CHECK_EQUAL(profile.stack_count, 1);
    CHECK_EQUAL(profile.label_set_count, 1);
    for (int i = 0; i < 3; i++)
        add(&profile, "f", 0x4000, 1, 10);
    add(&profile, "g", 0x4000, 1, 5);
    CHECK_EQUAL(profile.module_count, 1);
    CHECK_EQUAL(profile.frame_count, 3);
    CHECK_EQUAL(profile.stack_count, 4);
    CHECK_EQUAL(profile.label_set_count, 2);
    CHECK_EQUAL(profile.sample_count, 2);
    CHECK_EQUAL(profile.values[0], 3);
    CHECK_EQUAL(profile.values[1], 30);
    CHECK(strcmp(profile.modules[0].path, "/bin/program") == 0);
    CHECK(tare__profile_text(&profile, "main") == profile.frames[0].function);
    expect_total(&profile, 0, 4);
    expect_total(&profile, 1, 35);
    CHECK_EQUAL(tare__profile_type_named(&profile, "alloc_space"), 1);
    CHECK_EQUAL(tare__profile_type_named(&profile, "alloc"), 2);
    CHECK_EQUAL(tare__profile_add_labels(&profile, NULL, 0), 0);
    tare__profile_free(&profile);
}

static void many(void)
{
    enum { MANY = 100000 };
    struct tare__profile profile = new_profile();
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < MANY; i++) {
            char name[32];
            snprintf(name, sizeof name, "f%d", i);
            uint32_t stack = tare__profile_add_stack(&profile, (uint32_t)i, function(&profile, name));
            CHECK_EQUAL(stack, i + 1);
            CHECK_EQUAL(tare__profile_add_sample(&profile, stack, 0, (int64_t[]){1, i}), 0);
        }
    CHECK_EQUAL(profile.sample_count, MANY);
    expect_total(&profile, 0, 2 * MANY);
    expect_total(&profile, 1, (int64_t)MANY * (MANY - 1));
    tare__profile_free(&profile);
}

static void overflows(void)
{
    struct tare__profile profile = new_profile(), other = new_profile();
    int64_t total;
    add(&profile, "f", 0x4000, 1, INT64_MAX);
    CHECK_EQUAL(
        tare__profile_add_sample(&profile, profile.samples[0].stack, profile.samples[0].labels, (int64_t[]){1, 1}),
        EOVERFLOW);
    CHECK_EQUAL(profile.values[0], 1);
    add(&profile, "g", 0x4000, 1, 1);
    CHECK(!tare__profile_total(&profile, 1, &total));
    add(&other, "g", 0x4000, 1, INT64_MAX);
    CHECK_EQUAL(tare__profile_merge(&profile, &other), EOVERFLOW);
    tare__profile_free(&profile);
    tare__profile_free(&other);
}

/* Of another run, whose program lies elsewhere. */
static void merges(void)
{
    static const struct tare__profile_type bytes[] = {{"alloc_space", "bytes"}}, kilobytes[] = {{"alloc_space", "KiB"}},
                                           time[] = {{"cpu", "ns"}};
    struct tare__profile profile = new_profile(), other = new_profile(), single;
    profile.time_ns = 500, other.time_ns = 400, profile.duration_ns = 10, other.duration_ns = 5;
    add(&profile, "f", 0x4000, 1, 10);
    add(&other, "g", 0x7000, 2, 20);
    add(&other, "f", 0x7000, 4, 40);
    CHECK_EQUAL(tare__profile_merge(&profile, &other), 0);
    CHECK_EQUAL(profile.module_count, 1);
    CHECK_EQUAL(profile.sample_count, 2);
    CHECK_EQUAL(profile.values[0], 5);
    CHECK_EQUAL(profile.values[1], 50);
    CHECK_EQUAL(profile.values[3], 20);
    CHECK_EQUAL(profile.frames[profile.frame_count - 1].address, 0x4010);
    CHECK_EQUAL(profile.time_ns, 400);
    CHECK_EQUAL(profile.duration_ns, 15);
    CHECK_EQUAL(tare__profile_init(&single, bytes, 1), 0);
    CHECK_EQUAL(tare__profile_add_sample(&single, 0, 0, (int64_t[]){7}), 0);
    CHECK_EQUAL(tare__profile_merge(&profile, &single), 0);
    expect_total(&profile, 0, 7);
    expect_total(&profile, 1, 77);
    CHECK_EQUAL(tare__profile_merge(&single, &profile), 0);
    expect_total(&single, 0, 84);
    tare__profile_free(&single);
    CHECK_EQUAL(tare__profile_init(&single, kilobytes, 1), 0);
    CHECK_EQUAL(tare__profile_merge(&profile, &single), EINVAL);
    tare__profile_free(&single);
    CHECK_EQUAL(tare__profile_init(&single, time, 1), 0);
    CHECK_EQUAL(tare__profile_merge(&profile, &single), EINVAL);
    expect_total(&profile, 1, 77);
    tare__profile_free(&single);
    tare__profile_free(&profile);
    tare__profile_free(&other);
}

static void expect_name(struct tare__profile *profile, const struct tare__profile_frame *frame, const char *expected)
{
    char name[TARE__FRAME_NAME_BYTES];
    const char *is = tare__frame_name(name, profile, tare__profile_add_frame(profile, frame));
    if (strcmp(is, expected) != 0)
        dprintf(2, "it is called %s, expected %s\n", is, expected);
    CHECK(strcmp(is, expected) == 0);
}

static void names(void)
{
    struct tare__profile profile = new_profile();
    const struct tare__profile_module known = {.path = "/lib/libx.so", .low = 0x4000, .end = 0x5000},
                                      unknown = {.path = "/lib/liby.so"};
    uint32_t x = tare__profile_add_module(&profile, &known), y = tare__profile_add_module(&profile, &unknown);
    expect_name(&profile, &(struct tare__profile_frame){.function = "f", .module = x, .address = 0x4110}, "f");
    expect_name(&profile, &(struct tare__profile_frame){.module = x, .address = 0x4110}, "libx.so+0x110");
    expect_name(&profile, &(struct tare__profile_frame){.module = y, .address = 0x4110}, "[liby.so]");
    expect_name(&profile, &(struct tare__profile_frame){.module = TARE__NONE, .address = 0x4110}, "0x4110");
    expect_name(&profile, &(struct tare__profile_frame){.function = "", .module = TARE__NONE}, "[unknown]");
    tare__profile_free(&profile);
}

int main(void)
{
    adds_once();
    many();
    overflows();
    merges();
    names();
    return 0;
}
