/* SPDX-License-Identifier: MIT */
/*
 * Frames first become functions, then stacks become nodes, each by one look into a
 * table: stacks and nodes alike stand behind their callers, so that one pass does, and
 * sums go up by one pass from the end. What stays is numbered level by level at last.
 * Stacks may be thousands of frames deep: nothing here calls itself.
 */
#include "call_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call_tree_parts.h"
#include "grow.h"
#include "table.h"

/* ---- Which frames are the same function ----------------------------------- */

/* Text of a profile is kept once, so the pointers tell. */
struct function_key {
    const char *function, *file, *module;
    uint64_t address; /* of what has no name, in its file */
};

struct functions {
    const struct tare__profile *profile;
    bool across_files;
};

static struct function_key key_of(const struct functions *functions, uint32_t at)
{
    const struct tare__profile_frame *frame = &functions->profile->frames[at];
    const struct tare__profile_module *module =
        frame->module != TARE__NONE ? &functions->profile->modules[frame->module] : NULL;
    struct function_key key = {.function = frame->function, .module = module != NULL ? module->path : NULL};
    if (frame->function == NULL)
        key.address = frame->address - (module != NULL ? module->low - module->offset : 0);
    else if (!functions->across_files)
        key.file = frame->file;
    return key;
}

/* Values in tables are one more than the index, since 0 is none. */
static bool same_function(uintptr_t value, const void *key, const void *context)
{
    struct function_key other = key_of(context, (uint32_t)(value - 1));
    return memcmp(&other, key, sizeof other) == 0;
}

/* For each frame the first that is the same function. */
static bool find_functions(const struct functions *functions, uint32_t *function_of)
{
    struct tare__table table = {0};
    bool done = true;
    for (uint32_t i = 0; i < functions->profile->frame_count && done; i++) {
        if (!(done = tare__table_reserve(&table)))
            break;
        struct function_key key = key_of(functions, i);
        uint64_t hash = tare__table_hash(&table, &key, sizeof key);
        uintptr_t found = tare__table_find(&table, hash, same_function, &key, functions);
        if (found == 0)
            tare__table_add(&table, hash, i + UINT32_C(1));
        function_of[i] = found != 0 ? (uint32_t)(found - 1) : i;
    }
    tare__table_free(&table);
    return done;
}

/* ---- Stacks into nodes ------------------------------------------------------ */

struct node_key {
    uint32_t parent, function;
};

struct nodes {
    struct tare__call_node *all;
    size_t count;
    const uint32_t *function_of;
};

static bool same_node(uintptr_t value, const void *key, const void *context)
{
    const struct nodes *nodes = context;
    const struct tare__call_node *node = &nodes->all[value];
    const struct node_key *wanted = key;
    return node->parent == wanted->parent && nodes->function_of[node->frame] == wanted->function;
}

static void note_line(struct tare__call_node *node, uint32_t line)
{
    if (line != 0 && (node->first_line == 0 || line < node->first_line))
        node->first_line = line;
    node->last_line = line > node->last_line ? line : node->last_line;
}

/* The node below parent; TARE__NONE where there is no memory. */
static uint32_t descend(struct nodes *nodes, struct tare__table *table, uint32_t parent, uint32_t frame)
{
    if (!tare__table_reserve(table))
        return TARE__NONE;
    struct node_key key = {parent, nodes->function_of[frame]};
    uint64_t hash = tare__table_hash(table, &key, sizeof key);
    uintptr_t found = tare__table_find(table, hash, same_node, &key, nodes);
    if (found != 0)
        return (uint32_t)found;
    struct tare__call_node *more = tare__grow(nodes->all, nodes->count, sizeof *more);
    if (more == NULL)
        return TARE__NONE;
    nodes->all = more;
    more[nodes->count] = (struct tare__call_node){.frame = frame, .parent = parent, .depth = more[parent].depth + 1};
    tare__table_add(table, hash, nodes->count);
    return (uint32_t)nodes->count++;
}

static bool find_nodes(struct nodes *nodes, const struct tare__profile *profile, uint32_t *node_of)
{
    struct tare__table table = {0};
    nodes->all = tare__grow(NULL, 0, sizeof *nodes->all);
    if (nodes->all == NULL)
        return false;
    nodes->all[0] = (struct tare__call_node){.frame = TARE__NONE, .parent = TARE__NONE};
    nodes->count = 1;
    node_of[0] = 0;
    bool done = true;
    for (size_t i = 1; i < profile->stack_count && done; i++) {
        const struct tare__profile_stack *stack = &profile->stacks[i];
        node_of[i] = descend(nodes, &table, node_of[stack->parent], stack->frame);
        done = node_of[i] != TARE__NONE;
        if (done)
            note_line(&nodes->all[node_of[i]], profile->frames[stack->frame].line);
    }
    tare__table_free(&table);
    return done;
}

/* ---- Sums ------------------------------------------------------------------ */

static uint64_t without_sign(int64_t value)
{
    return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

/* No sum of some of the values can then pass the range. */
static bool sums_fit(const struct tare__profile *profile, const struct tare__call_tree_options *options)
{
    uint64_t all = 0;
    for (size_t type = 0; type < options->type_count; type++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < profile->sample_count; i++) {
            int64_t value = profile->values[i * profile->type_count + options->types[type]];
            if (__builtin_add_overflow(sum, without_sign(value), &sum) || sum > INT64_MAX)
                return false;
        }
        if (type < options->weighed && __builtin_add_overflow(all, sum, &all))
            return false;
    }
    return true;
}

static void add_samples(struct tare__call_tree *tree, const struct tare__profile *profile,
                        const struct tare__call_tree_options *options, const uint32_t *node_of)
{
    for (size_t i = 0; i < profile->sample_count; i++) {
        uint32_t node = node_of[profile->samples[i].stack];
        const int64_t *values = &profile->values[i * profile->type_count];
        for (size_t type = 0; type < tree->type_count; type++)
            tree->selves[node * tree->type_count + type] += values[options->types[type]];
    }
}

static void add_up(struct tare__call_tree *tree, size_t weighed)
{
    size_t types = tree->type_count;
    memcpy(tree->totals, tree->selves, tree->count * types * sizeof *tree->totals);
    for (size_t i = tree->count; i-- > 0;) {
        struct tare__call_node *node = &tree->nodes[i];
        uint64_t own = 0;
        for (size_t type = 0; type < weighed; type++) {
            uint64_t size = without_sign(tree->selves[i * types + type]);
            own = size > own ? size : own;
        }
        node->weight += own;
        if (node->parent == TARE__NONE)
            continue;
        tree->nodes[node->parent].weight += node->weight;
        for (size_t type = 0; type < types; type++)
            tree->totals[node->parent * types + type] += tree->totals[i * types + type];
    }
}

/* ---- The tree --------------------------------------------------------------- */

/* calloc may answer 0 elements by NULL. */
static void *zeroed(size_t count, size_t element_bytes)
{
    return calloc(count + 1, element_bytes);
}

static int build_whole(struct tare__call_tree *tree, const struct tare__profile *profile,
                       const struct tare__call_tree_options *options, uint32_t *function_of, uint32_t *node_of)
{
    const struct functions functions = {profile, options->across_files};
    struct nodes nodes = {.function_of = function_of};
    bool made = function_of != NULL && node_of != NULL && find_functions(&functions, function_of) &&
                find_nodes(&nodes, profile, node_of);
    tree->nodes = nodes.all;
    tree->count = nodes.count;
    if (!made)
        return ENOMEM;
    tree->selves = zeroed(tree->count * tree->type_count, sizeof *tree->selves);
    tree->totals = zeroed(tree->count * tree->type_count, sizeof *tree->totals);
    if (tree->selves == NULL || tree->totals == NULL)
        return ENOMEM;
    add_samples(tree, profile, options, node_of);
    add_up(tree, options->weighed);
    return 0;
}

int tare__call_tree_build(struct tare__call_tree *tree, const struct tare__profile *profile,
                          const struct tare__call_tree_options *options)
{
    *tree = (struct tare__call_tree){.type_count = options->type_count};
    if (!sums_fit(profile, options))
        return EOVERFLOW;
    uint32_t *function_of = zeroed(profile->frame_count, sizeof *function_of);
    uint32_t *node_of = zeroed(profile->stack_count, sizeof *node_of);
    int error = build_whole(tree, profile, options, function_of, node_of);
    free(function_of);
    free(node_of);
    if (error == 0)
        error = tare__call_tree_arrange(tree, profile, options);
    if (error != 0)
        tare__call_tree_free(tree);
    return error;
}

void tare__call_tree_free(struct tare__call_tree *tree)
{
    free(tree->nodes);
    free(tree->totals);
    free(tree->selves);
    *tree = (struct tare__call_tree){.nodes = NULL};
}
