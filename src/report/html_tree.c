/* SPDX-License-Identifier: MIT */
/*
 * The merged tree, in arrays: for each node its parent, its function and a value of each
 * type. What is too small to be seen is left out, and the sum of it stands below the
 * node that called it, as a function of number -1, so that nothing is missing.
 */
#include <errno.h>
#include <stdlib.h>

#include "call_tree.h"
#include "html_parts.h"

/* A page shows some 1,200 pixels, and one may zoom in. */
#define LEAST (1.0 / 4096)
enum { NODES_MAX = 30000, DEPTH_MAX = 1000, SMALLER = -1 };

struct arrays {
    json_t *parent, *function;
    json_t *values; /* an array for each type */
};

/* Of a node, and of what is left out below it. */
static void add_node(struct tare__json *json, const struct arrays *arrays, json_int_t parent, json_int_t function,
                     const int64_t *values, size_t type_count)
{
    tare__json_append(json, arrays->parent, json_integer(parent));
    tare__json_append(json, arrays->function, json_integer(function));
    for (size_t i = 0; i < type_count; i++)
        tare__json_append(json, json_array_get(arrays->values, i), tare__html_exact(values[i]));
}

static void add_smaller(struct tare__json *json, const struct arrays *arrays, const struct tare__call_tree *tree,
                        size_t node, int64_t *left)
{
    const struct tare__call_node *of = &tree->nodes[node];
    bool any = false;
    for (size_t type = 0; type < tree->type_count; type++) {
        left[type] = tree->totals[node * tree->type_count + type] - tree->selves[node * tree->type_count + type];
        for (size_t child = of->first_child; child < of->first_child + of->child_count; child++)
            left[type] -= tree->totals[child * tree->type_count + type];
        any |= left[type] != 0;
    }
    if (any)
        add_node(json, arrays, (json_int_t)node, SMALLER, left, tree->type_count);
}

static void add_nodes(struct tare__json *json, const struct arrays *arrays, struct tare__html_names *names,
                      const struct tare__call_tree *tree, int64_t *left)
{
    for (size_t i = 0; i < tree->count; i++) {
        const struct tare__call_node *node = &tree->nodes[i];
        add_node(json, arrays, node->parent == TARE__NONE ? SMALLER : (json_int_t)node->parent,
                 node->frame == TARE__NONE ? SMALLER : (json_int_t)tare__html_function(names, node->frame),
                 &tree->totals[i * tree->type_count], tree->type_count);
    }
    for (size_t i = 0; i < tree->count; i++)
        add_smaller(json, arrays, tree, i, left);
}

static json_t *object_of(struct tare__json *json, struct tare__html_names *names, const struct tare__call_tree *tree)
{
    json_t *object = json_object();
    struct arrays arrays = {json_array(), json_array(), json_array()};
    int64_t *left = calloc(tree->type_count + 1, sizeof *left);
    for (size_t i = 0; i < tree->type_count; i++)
        tare__json_append(json, arrays.values, json_array());
    if (left != NULL)
        add_nodes(json, &arrays, names, tree, left);
    else
        json->failed = true;
    tare__json_set(json, object, "parent", arrays.parent);
    tare__json_set(json, object, "function", arrays.function);
    tare__json_set(json, object, "values", arrays.values);
    free(left);
    return object;
}

json_t *tare__html_tree(struct tare__json *json, struct tare__html_names *names)
{
    const struct tare__profile *profile = names->profile;
    size_t *types = calloc(profile->type_count + 1, sizeof *types);
    struct tare__call_tree tree;
    for (size_t i = 0; types != NULL && i < profile->type_count; i++)
        types[i] = i;
    const struct tare__call_tree_options options = {.types = types,
                                                    .type_count = profile->type_count,
                                                    .weighed = profile->type_count,
                                                    .least = LEAST,
                                                    .depth_max = DEPTH_MAX,
                                                    .nodes_max = NODES_MAX,
                                                    .across_files = true};
    int error = types == NULL ? ENOMEM : tare__call_tree_build(&tree, profile, &options);
    free(types);
    if (error != 0) {
        names->error = error;
        return NULL;
    }
    json_t *object = object_of(json, names, &tree);
    tare__call_tree_free(&tree);
    return object;
}
