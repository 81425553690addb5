/* SPDX-License-Identifier: MIT */
/* Call trees: what is one node, sums, what is left out, order; of many stacks and of deep ones. */
#include "call_tree.h"

#include <errno.h>
#include <stdlib.h>

#include "check.h"

static const struct tare__profile_type types[] = {{"alloc_space", "bytes"}, {"alloc_objects", "count"}};
static const size_t both[] = {0, 1};

static struct tare__profile profile;
static struct tare__call_tree tree;
static uint32_t program, library;

static void begin(void)
{
    CHECK_EQUAL(tare__profile_init(&profile, types, 2), 0);
    program = tare__profile_add_module(&profile, &(struct tare__profile_module){.path = "/bin/program"});
    library = tare__profile_add_module(&profile, &(struct tare__profile_module){.path = "/lib/library.so"});
}

static void end(void)
{
    tare__call_tree_free(&tree);
    tare__profile_free(&profile);
}

static uint32_t frame_in(uint32_t module, const char *function, const char *file, uint32_t line)
{
    const struct tare__profile_frame frame = {.function = function, .file = file, .line = line, .module = module};
    uint32_t at = tare__profile_add_frame(&profile, &frame);
    CHECK(at != TARE__NONE);
    return at;
}

static uint32_t call(uint32_t stack, const char *function, uint32_t line)
{
    stack = tare__profile_add_stack(&profile, stack, frame_in(program, function, "a.c", line));
    CHECK(stack != TARE__NONE);
    return stack;
}

static void sample(uint32_t stack, int64_t bytes, int64_t blocks)
{
    CHECK_EQUAL(tare__profile_add_sample(&profile, stack, 0, (const int64_t[]){bytes, blocks}), 0);
}

static void build(const struct tare__call_tree_options *options)
{
    CHECK_EQUAL(tare__call_tree_build(&tree, &profile, options), 0);
}

/* The child of that name; 0 for none. */
static uint32_t child(uint32_t node, const char *function)
{
    for (uint32_t i = 0; i < tree.nodes[node].child_count; i++) {
        uint32_t at = tree.nodes[node].first_child + i;
        CHECK_EQUAL(tree.nodes[at].parent, node);
        CHECK_EQUAL(tree.nodes[at].depth, tree.nodes[node].depth + 1);
        if (strcmp(profile.frames[tree.nodes[at].frame].function, function) == 0)
            return at;
    }
    return 0;
}

static int64_t total(uint32_t node, size_t type)
{
    return tree.totals[node * tree.type_count + type];
}

static int64_t self(uint32_t node, size_t type)
{
    return tree.selves[node * tree.type_count + type];
}

static const struct tare__call_tree_options by_bytes = {.types = both, .type_count = 2, .weighed = 1};

/* Another line is no other node, another file or module is; a function that calls itself goes on below. */
static void test_nodes(void)
{
    begin();
    uint32_t main_ = call(0, "main", 3);
    sample(call(main_, "parse", 10), 100, 1);
    sample(call(call(0, "main", 7), "parse", 12), 20, 2);
    sample(call(call(main_, "fib", 1), "fib", 1), 5, 5);
    sample(tare__profile_add_stack(&profile, main_, frame_in(library, "parse", "a.c", 10)), 1000, 1);
    sample(tare__profile_add_stack(&profile, main_, frame_in(program, "parse", "b.c", 10)), 7, 1);
    sample(main_, 3, 1);
    sample(0, 2, 1);
    build(&by_bytes);
    CHECK_EQUAL(tree.count, 7);
    CHECK_EQUAL(tree.left_out, 0);
    CHECK_EQUAL(total(0, 0), 1137);
    CHECK_EQUAL(total(0, 1), 12);
    CHECK_EQUAL(self(0, 0), 2);
    uint32_t top = child(0, "main");
    CHECK_EQUAL(total(top, 0), 1135);
    CHECK_EQUAL(self(top, 0), 3);
    CHECK_EQUAL(tree.nodes[top].weight, 1135);
    CHECK_EQUAL(tree.nodes[top].first_line, 3);
    CHECK_EQUAL(tree.nodes[top].last_line, 7);
    static const int64_t in_order[] = {1000, 120, 7, 5};
    CHECK_EQUAL(tree.nodes[top].child_count, 4);
    for (uint32_t i = 0; i < 4; i++)
        CHECK_EQUAL(total(tree.nodes[top].first_child + i, 0), in_order[i]);
    CHECK_EQUAL(self(tree.nodes[top].first_child + 1, 1), 3);
    uint32_t fib = child(top, "fib");
    CHECK_EQUAL(self(fib, 0), 0);
    CHECK_EQUAL(total(fib, 1), 5);
    CHECK_EQUAL(self(child(fib, "fib"), 0), 5);
    tare__call_tree_free(&tree);

    struct tare__call_tree_options across = by_bytes;
    across.across_files = true;
    build(&across);
    CHECK_EQUAL(tree.count, 6);
    CHECK_EQUAL(total(tree.nodes[1].first_child + 1, 0), 127);
    end();
}

/* Without a name the place in the file tells, wherever that was loaded. */
static void test_unnamed(void)
{
    begin();
    for (uint64_t i = 0; i < 2; i++) {
        uint64_t low = 0x10000 * (i + 1);
        const struct tare__profile_module module = {.path = "/lib/x.so", .low = low, .end = low + 0x1000};
        uint32_t at = tare__profile_add_module(&profile, &module);
        struct tare__profile_frame frame = {.module = at, .address = low + 0x110};
        sample(tare__profile_add_stack(&profile, 0, tare__profile_add_frame(&profile, &frame)), 1, 1);
        frame.address += 16 * (i + 1);
        sample(tare__profile_add_stack(&profile, 0, tare__profile_add_frame(&profile, &frame)), 1, 1);
    }
    build(&by_bytes);
    CHECK_EQUAL(tree.count, 1 + 3);
    CHECK_EQUAL(total(1, 0), 2);
    end();
}

/* What is left out stays in the sums. */
static void test_left_out(void)
{
    begin();
    uint32_t main_ = call(0, "main", 1);
    sample(call(main_, "large", 1), 9000, 1);
    sample(call(main_, "small", 1), 100, 1);
    sample(call(call(main_, "tiny", 1), "leaf", 1), 99, 100);
    sample(main_, 801, 1);
    struct tare__call_tree_options options = by_bytes;
    options.least = 0.01;
    build(&options);
    CHECK_EQUAL(tree.count, 4);
    CHECK_EQUAL(tree.left_out, 2);
    CHECK_EQUAL(child(1, "tiny"), 0);
    CHECK_EQUAL(total(1, 0), 10000);
    CHECK_EQUAL(total(1, 0) - self(1, 0) - total(child(1, "large"), 0) - total(child(1, "small"), 0), 99);
    tare__call_tree_free(&tree);

    options.weighed = 2; /* of 103 blocks it has 100 */
    build(&options);
    CHECK(child(1, "tiny") != 0);
    tare__call_tree_free(&tree);

    options = by_bytes;
    options.nodes_max = 3;
    build(&options);
    CHECK_EQUAL(tree.count, 3);
    CHECK(tree.least > 0);
    CHECK_EQUAL(child(1, "small"), 0);
    end();
}

/* A stack's weight is the larger of the two, so that what vanished has its place. */
static void test_weight(void)
{
    begin();
    uint32_t main_ = call(0, "main", 1);
    sample(call(main_, "grew", 1), 10, 30);
    sample(call(main_, "shrank", 1), 100, 1);
    sample(call(main_, "below", 1), -40, 0);
    struct tare__call_tree_options options = by_bytes;
    options.weighed = 2;
    build(&options);
    CHECK_EQUAL(tree.nodes[0].weight, 170);
    CHECK_EQUAL(total(0, 0), 70);
    CHECK_EQUAL(tree.nodes[child(1, "below")].weight, 40);
    CHECK_EQUAL(total(child(1, "below"), 0), -40);
    end();
}

static void test_overflow(void)
{
    begin();
    sample(call(0, "one", 1), INT64_MAX, 1);
    sample(call(0, "other", 1), 1, 1);
    CHECK_EQUAL(tare__call_tree_build(&tree, &profile, &by_bytes), EOVERFLOW);
    end();
}

static void test_empty(void)
{
    begin();
    build(&by_bytes);
    CHECK_EQUAL(tree.count, 1);
    CHECK_EQUAL(tree.nodes[0].child_count, 0);
    end();
}

static void test_deep(void)
{
    enum { DEPTH = 100000 };
    begin();
    uint32_t stack = 0;
    for (uint32_t i = 0; i < DEPTH; i++)
        stack = call(stack, i % 2 == 0 ? "even" : "odd", 1);
    sample(stack, 1, 1);
    build(&by_bytes);
    CHECK_EQUAL(tree.count, DEPTH + 1);
    CHECK_EQUAL(total(DEPTH, 0), 1);
    CHECK_EQUAL(tree.nodes[DEPTH].depth, DEPTH);
    tare__call_tree_free(&tree);

    struct tare__call_tree_options options = by_bytes;
    options.depth_max = 1000;
    build(&options);
    CHECK_EQUAL(tree.count, 1000 + 1);
    CHECK_EQUAL(tree.left_out, DEPTH - 1000);
    CHECK_EQUAL(tree.too_deep, DEPTH - 1000);
    tare__call_tree_free(&tree);

    options.nodes_max = 10; /* all are of the same size: the outermost stay */
    build(&options);
    CHECK_EQUAL(tree.count, 10);
    CHECK_EQUAL(tree.nodes[9].depth, 9);
    end();
}

/* Ten calls, each to one of ten functions: the digits of a number. */
static void test_many(void)
{
    enum { STACKS = 1000000, DIGITS = 6 };
    static const char *const names[] = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"};
    uint32_t frames[10];
    begin();
    for (uint32_t i = 0; i < 10; i++)
        frames[i] = frame_in(program, names[i], "a.c", 1);
    for (uint32_t i = 0; i < STACKS; i++) {
        uint32_t stack = 0;
        for (uint32_t digits = i, k = 0; k < DIGITS; k++, digits /= 10)
            stack = tare__profile_add_stack(&profile, stack, frames[digits % 10]);
        sample(stack, i % 10, 1);
    }
    struct tare__call_tree_options options = by_bytes;
    build(&options);
    CHECK_EQUAL(tree.count, 1 + 10 + 100 + 1000 + 10000 + 100000 + 1000000);
    CHECK_EQUAL(total(0, 0), 4500000);
    CHECK_EQUAL(total(child(0, "nine"), 0), 900000);
    CHECK_EQUAL(total(child(child(0, "nine"), "three"), 1), 10000);
    tare__call_tree_free(&tree);
    options.least = 1e-4;
    build(&options);
    /* zero's weigh nothing; of the others all of four digits: 9 parts of 45 by the largest, 1 by the smallest */
    CHECK_EQUAL(child(0, "zero"), 0);
    uint32_t node = child(child(child(0, "one"), "two"), "three");
    CHECK_EQUAL(total(node, 0), 1000);
    CHECK_EQUAL(tree.nodes[node].child_count, 0);
    end();
}

int main(void)
{
    test_nodes();
    test_unnamed();
    test_left_out();
    test_weight();
    test_overflow();
    test_empty();
    test_deep();
    test_many();
    return 0;
}
