/* SPDX-License-Identifier: MIT */
/* Points: call stacks that allocate, with ids that are the same in every run of the same files. */
#ifndef TARE__FAULT_POINTS_H
#define TARE__FAULT_POINTS_H

#include "fault.h"
#include "fault_places.h"

/* Whoever allocates now. */
struct tare__fault_caller {
    uint32_t frame; /* the innermost (callstack.h); 0 where there is no stack */
    enum tare__fault_place place;
    uint64_t id; /* of the point: a block that is resized is another than one that is made */
    uint64_t stack_id;
};

struct tare__fault_caller tare__fault_caller_of(uint32_t frame);

/* In a call whose guard is set. */
struct tare__fault_caller tare__fault_caller(struct tare__hot *hot, bool resizes);

/* The point of an id, found or made, or NULL where there is no room. ordinal 0: it has none. *made says whether it
 * is the first. _note counts an allocation there, besides. */
struct tare__fault_point *tare__fault_point(struct tare__faults *faults, const struct tare__fault_caller *caller,
                                            uint64_t id, uint64_t ordinal, size_t size, bool *made);
struct tare__fault_point *tare__fault_note(struct tare__faults *faults, const struct tare__fault_caller *caller,
                                           uint64_t id, uint64_t ordinal, size_t size, bool *made);

void tare__fault_copy_stack(struct tare__faults *faults, uint32_t frame, struct tare__fault_stack *stack);

/* Whether one of its frames is in one of the ranges. */
bool tare__fault_is_within(uint32_t frame, const struct tare__fault_range *ranges, uint32_t count);

#endif
