/* SPDX-License-Identifier: MIT */
/* The same walk by libgcc's unwinder: an interpreter for all that tables can say. */
#include <stddef.h>
#include <unwind.h>

#include "unwinder.h"

struct slow_walk {
    uintptr_t *addresses;
    uintptr_t above;
    uint32_t max;
    struct tare__unwind_result result;
};

/* What libgcc calls the CFA of a frame is where its own callee's frame begins.
 * The last one is without an address, where the outermost frame has been. */
static _Unwind_Reason_Code note(struct _Unwind_Context *context, void *argument)
{
    struct slow_walk *walk = argument;
    uintptr_t address = _Unwind_GetIP(context);
    if (address == 0) {
        walk->result.end = TARE__UNWIND_COMPLETE;
        return _URC_NO_REASON;
    }
    if (_Unwind_GetCFA(context) < walk->above)
        return _URC_NO_REASON;
    if (walk->result.depth == walk->max) {
        walk->result.end = TARE__UNWIND_FULL;
        return _URC_END_OF_STACK;
    }
    walk->addresses[walk->result.depth++] = address;
    return _URC_NO_REASON;
}

struct tare__unwind_result tare__unwind_slowly(uintptr_t *addresses, uint32_t max, uintptr_t above)
{
    struct slow_walk walk = {addresses, above, max, {0, TARE__UNWIND_NO_RULE}};
    _Unwind_Backtrace(note, &walk);
    return walk.result;
}
