/* SPDX-License-Identifier: MIT */
/* What stays of a call tree, and in which order. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call_tree_parts.h"

/* ---- What stays ------------------------------------------------------------ */

/* How much is lost without a node. */
struct size {
    double part;
    uint32_t depth;
};

/* The largest of a node's parts of the weighed types' wholes. The weight stands in for
 * a whole that is 0, or that values of both signs have made small. */
static double part_of(const struct tare__call_tree *tree, size_t weighed, size_t node)
{
    const int64_t *totals = &tree->totals[node * tree->type_count];
    double largest = tree->nodes[0].weight > 0 ? (double)tree->nodes[node].weight / (double)tree->nodes[0].weight : 0;
    for (size_t type = 0; type < weighed; type++) {
        double part = tree->totals[type] > 0 ? (double)totals[type] / (double)tree->totals[type] : 0;
        largest = part > largest ? part : largest;
    }
    return largest;
}

/* Of equal parts the one further out goes first: a node's caller always does. */
static int descending(const void *a, const void *b)
{
    const struct size *one = a, *other = b;
    if (one->part != other->part)
        return one->part < other->part ? 1 : -1;
    return (one->depth > other->depth) - (one->depth < other->depth);
}

/* Finds what is the first to be left out for the sake of nodes_max. What equals it goes
 * as well: which of them stayed would be chance. */
static int find_border(const struct tare__call_tree *tree, const struct tare__call_tree_options *options,
                       const struct size *sizes, struct size *border)
{
    struct size *sorted = malloc(tree->count * sizeof *sorted);
    size_t count = 0;
    if (sorted == NULL)
        return ENOMEM;
    for (size_t i = 0; i < tree->count; i++)
        if (sizes[i].part >= options->least && (options->depth_max == 0 || sizes[i].depth <= options->depth_max))
            sorted[count++] = sizes[i];
    *border = (struct size){.part = -1};
    if (options->nodes_max != 0 && count > options->nodes_max) {
        qsort(sorted, count, sizeof *sorted, descending);
        *border = sorted[options->nodes_max];
    }
    free(sorted);
    return 0;
}

static void mark(struct tare__call_tree *tree, const struct tare__call_tree_options *options, const struct size *sizes,
                 const struct size *border, bool *stays)
{
    tree->least = border->part > options->least ? border->part : options->least;
    stays[0] = true;
    for (size_t i = 1; i < tree->count; i++) {
        bool large = sizes[i].part >= options->least && descending(&sizes[i], border) < 0;
        bool too_deep = options->depth_max != 0 && sizes[i].depth > options->depth_max;
        stays[i] = stays[tree->nodes[i].parent] && large && !too_deep;
        tree->left_out += !stays[i] && tree->nodes[i].weight > 0;
        tree->too_deep += large && too_deep;
    }
}

static int choose(struct tare__call_tree *tree, const struct tare__call_tree_options *options, bool *stays)
{
    struct size border, *sizes = malloc(tree->count * sizeof *sizes);
    if (sizes == NULL)
        return ENOMEM;
    for (size_t i = 0; i < tree->count; i++)
        sizes[i] = (struct size){part_of(tree, options->weighed, i), tree->nodes[i].depth};
    int error = find_border(tree, options, sizes, &border);
    if (error == 0)
        mark(tree, options, sizes, &border, stays);
    free(sizes);
    return error;
}

/* ---- The order of children -------------------------------------------------- */

struct order {
    const struct tare__call_tree *tree;
    const struct tare__profile *profile;
};

static int by_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static const char *path_of(const struct tare__profile *profile, const struct tare__profile_frame *frame)
{
    return frame->module != TARE__NONE ? profile->modules[frame->module].path : NULL;
}

static int by_weight(const void *a, const void *b, void *context)
{
    const struct order *order = context;
    const struct tare__call_node *one = &order->tree->nodes[*(const uint32_t *)a];
    const struct tare__call_node *other = &order->tree->nodes[*(const uint32_t *)b];
    if (one->weight != other->weight)
        return one->weight < other->weight ? 1 : -1;
    const struct tare__profile_frame *frame = &order->profile->frames[one->frame];
    const struct tare__profile_frame *other_frame = &order->profile->frames[other->frame];
    int difference = by_text(frame->function, other_frame->function);
    if (difference == 0)
        difference = by_text(path_of(order->profile, frame), path_of(order->profile, other_frame));
    if (difference == 0)
        difference = by_text(frame->file, other_frame->file);
    return difference != 0 ? difference : (one->frame > other->frame) - (one->frame < other->frame);
}

/* The children of node i stand from first[i] up to first[i + 1]. */
static void group(const struct tare__call_tree *tree, const bool *stays, uint32_t *first, uint32_t *children)
{
    for (size_t i = 1; i < tree->count; i++)
        first[tree->nodes[i].parent + 1] += stays[i];
    for (size_t i = 0; i < tree->count; i++)
        first[i + 1] += first[i];
    for (size_t i = tree->count; i-- > 1;)
        if (stays[i])
            children[--first[tree->nodes[i].parent + 1]] = (uint32_t)i;
    /* Each start has moved to the place of the one before it. */
    memmove(first, first + 1, tree->count * sizeof *first);
}

/* ---- Numbers ---------------------------------------------------------------- */

struct arranged {
    struct tare__call_node *nodes;
    int64_t *totals, *selves;
};

static void copy(struct arranged *to, size_t new, const struct tare__call_tree *from, uint32_t old)
{
    size_t types = from->type_count;
    to->nodes[new] = from->nodes[old];
    memcpy(&to->totals[new *types], &from->totals[old * types], types * sizeof *to->totals);
    memcpy(&to->selves[new *types], &from->selves[old * types], types * sizeof *to->selves);
}

/* first_child holds the old number until a node's turn has come. */
static size_t number(const struct order *order, uint32_t *first, uint32_t *children, struct arranged *to)
{
    const struct tare__call_tree *tree = order->tree;
    size_t count = 1;
    copy(to, 0, tree, 0);
    to->nodes[0].first_child = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t old = to->nodes[i].first_child, *own = &children[first[old]];
        size_t own_count = first[old + 1] - first[old];
        qsort_r(own, own_count, sizeof *own, by_weight, (void *)(uintptr_t)order);
        to->nodes[i].first_child = (uint32_t)count;
        to->nodes[i].child_count = (uint32_t)own_count;
        for (size_t k = 0; k < own_count; k++, count++) {
            copy(to, count, tree, own[k]);
            to->nodes[count].parent = (uint32_t)i;
            to->nodes[count].first_child = own[k];
        }
    }
    return count;
}

static int renumber(struct tare__call_tree *tree, const struct order *order, const bool *stays)
{
    size_t staying = 1, types = tree->type_count; /* the root does */
    for (size_t i = 1; i < tree->count; i++)
        staying += stays[i];
    uint32_t *first = calloc(tree->count + 2, sizeof *first), *children = malloc(tree->count * sizeof *children);
    struct arranged to = {malloc(staying * sizeof *to.nodes), calloc(staying * types + 1, sizeof *to.totals),
                          calloc(staying * types + 1, sizeof *to.selves)};
    struct tare__call_tree whole = *tree;
    int error = ENOMEM;
    if (first != NULL && children != NULL && to.nodes != NULL && to.totals != NULL && to.selves != NULL) {
        group(tree, stays, first, children);
        error = 0;
        tree->count = number(order, first, children, &to);
        tree->nodes = to.nodes;
        tree->totals = to.totals;
        tree->selves = to.selves;
        to = (struct arranged){whole.nodes, whole.totals, whole.selves};
    }
    free(first);
    free(children);
    free(to.nodes);
    free(to.totals);
    free(to.selves);
    return error;
}

int tare__call_tree_arrange(struct tare__call_tree *tree, const struct tare__profile *profile,
                            const struct tare__call_tree_options *options)
{
    bool *stays = calloc(tree->count, sizeof *stays);
    if (stays == NULL)
        return ENOMEM;
    int error = choose(tree, options, stays);
    const struct tare__call_tree whole = *tree;
    if (error == 0)
        error = renumber(tree, &(struct order){&whole, profile}, stays);
    free(stays);
    return error;
}
