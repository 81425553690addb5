/* SPDX-License-Identifier: MIT */
/*
 * All stacks as one tree, from the outermost frame in. A node is a function called by
 * the one above it, from wherever in there; a function that calls itself is one node.
 */
#ifndef TARE__TREE_H
#define TARE__TREE_H

#include "metric.h"
#include "stack_view.h"

struct tare__tree_node {
    struct tare__stack_line line;     /* one of those that came here */
    bool several_lines;               /* and not all were of the same line */
    int64_t value, second;            /* of the metric: of this one and all below */
    struct tare__tree_node *children; /* the largest first */
    struct tare__tree_node *next;
    struct tare__tree_node *parent;
};

/* The root is no function; its children are the outermost ones. NULL where there is no
 * memory. Hidden frames are left out. */
struct tare__tree_node *tare__tree_build(const struct tare__process *process, const struct tare__metric *metric);
void tare__tree_free(struct tare__tree_node *root);

#endif
