/* SPDX-License-Identifier: MIT */
#include "fault_stacks.h"

#include <string.h>

#include "explain.h"
#include "os.h"

enum { TEXT_BYTES = 1 << 20 };
#define ADDRESSES_BYTES (sizeof(uintptr_t) * TARE__STACKS_MAX * (TARE__FAULT_FRAMES + 1))

void tare__stacks_put(struct tare__stack_addresses *addresses, const struct tare__fault_stack *stack)
{
    for (uint32_t i = 0; i < stack->count; i++)
        addresses->all[addresses->count++] = stack->addresses[i];
    addresses->all[addresses->count++] = 0;
}

/* Where the signal came is no return address. */
void tare__stacks_put_crash(struct tare__stack_addresses *addresses, const struct tare__fault_stack *stack)
{
    uint32_t first = addresses->count;
    tare__stacks_put(addresses, stack);
    addresses->all[first] += stack->count != 0;
}

void tare__stacks_put_run(struct tare__stack_addresses *addresses, const struct tare_sweep_ *sweep,
                          const struct tare__fault_run *run)
{
    if (run->verdict == TARE__VERDICT_CRASHED || run->verdict == TARE__VERDICT_HUNG)
        tare__stacks_put_crash(addresses, &run->stack);
    if (run->verdict == TARE__VERDICT_DOUBLE_FREE)
        tare__stacks_put(addresses, &run->stack);
    for (uint32_t i = 0; i < tare__stacks_leaks(run) && run->verdict == TARE__VERDICT_LEAKED; i++)
        tare__stacks_put(addresses, &sweep->faults.points[run->leaks[i].point].stack);
}

void tare__stacks_add_next(struct tare__text *text, struct tare__stacks *stacks)
{
    if (stacks->next == NULL)
        return;
    while (*stacks->next != '\0' && *stacks->next != '\n') {
        char line[4096];
        size_t length = strcspn(stacks->next, "\n"), kept = length < sizeof line ? length : sizeof line - 1;
        memcpy(line, stacks->next, kept);
        line[kept] = '\0';
        tare__text_add(text, line);
        tare__text_add(text, "\n");
        stacks->next += length + (stacks->next[length] == '\n');
    }
    stacks->next += *stacks->next == '\n';
}

struct tare__stack_addresses tare__stacks_begin(void)
{
    return (struct tare__stack_addresses){tare__os_map(ADDRESSES_BYTES), 0};
}

/* Ends the addresses. */
struct tare__stacks tare__stacks_explain(struct tare__stack_addresses *addresses)
{
    struct tare__stacks stacks = {NULL, NULL, false};
    if (addresses->all == NULL)
        return stacks;
    stacks.next = stacks.text = addresses->count > 0 ? tare__os_map(TEXT_BYTES) : NULL;
    if (stacks.text != NULL) {
        struct tare__text text = tare__text_in(stacks.text, TEXT_BYTES);
        stacks.named = tare__explain_stack(&text, addresses->all, addresses->count);
    }
    tare__os_unmap(addresses->all, ADDRESSES_BYTES);
    return stacks;
}

void tare__stacks_forget(struct tare__stacks *stacks)
{
    if (stacks->text != NULL)
        tare__os_unmap(stacks->text, TEXT_BYTES);
}
