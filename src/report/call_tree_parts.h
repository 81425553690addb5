/* SPDX-License-Identifier: MIT */
/* Between the files of the call tree. */
#ifndef TARE__CALL_TREE_PARTS_H
#define TARE__CALL_TREE_PARTS_H

#include "call_tree.h"

/* Leaves out what is too small, puts children in order, and numbers nodes level by
 * level. Comes with nodes in any order that has parents first. 0 or ENOMEM. */
int tare__call_tree_arrange(struct tare__call_tree *tree, const struct tare__profile *profile,
                            const struct tare__call_tree_options *options);

#endif
