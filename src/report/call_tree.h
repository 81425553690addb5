/* SPDX-License-Identifier: MIT */
/*
 * All stacks of a profile as one tree of arrays, from the outermost function in. A node
 * is a function of a module, called by the one above it from whatever line in there.
 * Flame graphs are drawn from it.
 */
#ifndef TARE__CALL_TREE_H
#define TARE__CALL_TREE_H

#include "profile.h"

struct tare__call_node {
    uint32_t frame;                    /* of the profile: the first that came here; TARE__NONE for the root */
    uint32_t parent;                   /* in nodes, and before this one; TARE__NONE for the root */
    uint32_t first_child, child_count; /* in nodes, the heaviest first */
    uint32_t depth;                    /* 0 for the root */
    uint32_t first_line, last_line;    /* of those known; 0 for none */
    uint64_t weight;                   /* of this one and all below */
};

struct tare__call_tree_options {
    const size_t *types; /* of the profile: what is summed up */
    size_t type_count;
    size_t weighed;    /* so many of the first of them give a stack its weight: the largest of their values, without
                          its sign */
    double least;      /* leave out nodes whose part of every weighed type's whole is smaller; 0 for none */
    size_t depth_max;  /* and those of more callers; 0 for any number */
    size_t nodes_max;  /* and the smallest of the others, where there are more; 0 for any number */
    bool across_files; /* a function of that name is the same in whatever file */
};

/* All arrays are owned. */
struct tare__call_tree {
    struct tare__call_node *nodes; /* 0 is the root, "everything"; level by level */
    size_t count;
    size_t type_count;
    int64_t *totals; /* of node and type, at node * type_count + type: with all below it, also what is left out */
    int64_t *selves; /* of stacks that end here */
    size_t left_out; /* nodes that weigh anything */
    size_t too_deep; /* of them, that would have been large enough */
    double least;    /* what became of options->least for the sake of nodes_max */
};

/* 0, ENOMEM, or EOVERFLOW where a sum does not fit; then there is nothing to free. */
int tare__call_tree_build(struct tare__call_tree *tree, const struct tare__profile *profile,
                          const struct tare__call_tree_options *options);
void tare__call_tree_free(struct tare__call_tree *tree);

#endif
