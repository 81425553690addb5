/* SPDX-License-Identifier: MIT */
/* The same walk by libgcc's unwinder: an interpreter for all that tables can say. */
#include <stddef.h>
#include <unwind.h>

#include "unwinder.h"

struct slow_walk {
    tare__unwind_visit *visit;
    void *context;
    uintptr_t above;
    bool begun; /* the last one is in the loader's first function */
    struct tare__unwind_result result;
};

/* What libgcc calls the CFA of a frame is where its own callee's frame begins.
 * The last one is without an address, where the outermost frame has been. */
static _Unwind_Reason_Code show(struct _Unwind_Context *context, void *argument)
{
    struct slow_walk *walk = argument;
    int exact;
    uintptr_t address = _Unwind_GetIPInfo(context, &exact);
    if (address == 0) {
        walk->result.end = TARE__UNWIND_COMPLETE;
        return _URC_NO_REASON;
    }
    walk->begun = tare__unwind_is_loaders_start(address);
    if (_Unwind_GetCFA(context) < walk->above)
        return _URC_NO_REASON;
    walk->above = 0;
    if (!walk->visit(walk->context, address, exact != 0)) {
        walk->result.end = TARE__UNWIND_FULL;
        return _URC_END_OF_STACK;
    }
    walk->result.depth++;
    return _URC_NO_REASON;
}

struct tare__unwind_result tare__unwind_slowly_visit(tare__unwind_visit *visit, void *context, uintptr_t above)
{
    struct slow_walk walk = {visit, context, above, false, {0, TARE__UNWIND_NO_RULE}};
    _Unwind_Backtrace(show, &walk);
    if (walk.result.end == TARE__UNWIND_NO_RULE && walk.begun)
        walk.result.end = TARE__UNWIND_COMPLETE;
    return walk.result;
}

struct list {
    uintptr_t *addresses;
    uint32_t max, count;
};

static bool note(void *context, uintptr_t pc, bool exact)
{
    struct list *list = context;
    (void)exact;
    if (list->count == list->max)
        return false;
    list->addresses[list->count++] = pc;
    return true;
}

struct tare__unwind_result tare__unwind_slowly(uintptr_t *addresses, uint32_t max, uintptr_t above)
{
    struct list list = {addresses, max, 0};
    return tare__unwind_slowly_visit(note, &list, above);
}
