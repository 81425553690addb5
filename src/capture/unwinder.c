/* SPDX-License-Identifier: MIT */
/*
 * A step from a frame to its caller's. Rules are remembered in a table of one
 * 64-bit word each, so that one is never read torn and there is nothing to lock: 33
 * bits of rule, and the address but for the 16 bits that say where in the table.
 * Two addresses that want the same word take turns. The way from one frame to the
 * next is a chain of three loads, and the rest goes on beside it.
 *
 * Nothing is read that is not known to be readable, so no rule and no chain of
 * frame pointers, however wrong, can fault; and sp only grows, except where a
 * signal handler has a stack of its own, which ends after some.
 */
#include "unwinder.h"

#include <link.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <ucontext.h>

#include "os.h"
#include "unwind_quick.h"
#include "unwind_rules.h"

enum { SIGNAL_FRAMES_MAX = 256, IDENTITIES = 4096 };

uint64_t tare__unwind_rules[1u << TARE__UNWIND_INDEX_BITS];
static uint64_t identities[IDENTITIES]; /* of modules that may be closed, whose rules are in the table */

/* What stacks that makecontext() made return to in the end: the first instruction of a
 * function of libc's. 0 where that isn't known. */
static uintptr_t made_stacks_end;

/* The constructors of libraries run before tare's own: this is asked before that. */
bool tare__unwind_is_loaders_start(uintptr_t pc)
{
    enum { START_BYTES = 128 };
    uintptr_t base = (uintptr_t)getauxval(AT_BASE);
    return base != 0 && pc - base - ((const ElfW(Ehdr) *)base)->e_entry < START_BYTES;
}

/* ---- Rules ------------------------------------------------------------------- */

/* A module that may be closed is looked at once in a walk. Its identity is in the
 * table after all rules were dropped that another might have left, and as long as
 * no other module makes them be dropped. */
static void drop_loaded(uint64_t identity)
{
    for (size_t i = 0; i < sizeof tare__unwind_rules / sizeof *tare__unwind_rules; i++)
        if ((TARE__LOAD(tare__unwind_rules[i]) & TARE__RULE_LOADED) != 0)
            TARE__STORE(tare__unwind_rules[i], 0);
    for (size_t i = 0; i < IDENTITIES; i++)
        if (TARE__LOAD(identities[i]) != 0)
            TARE__STORE(identities[i], 0);
    __atomic_store_n(&identities[identity % IDENTITIES], identity, __ATOMIC_RELEASE);
}

static bool may_remember(struct tare__unwind *walk, const struct tare__unwind_module *module)
{
    if (module->stays || walk->loaded_low == module->low)
        return true;
    uint64_t identity = tare__unwind_module_identity(module);
    if (identity == 0)
        return false;
    if (__atomic_load_n(&identities[identity % IDENTITIES], __ATOMIC_ACQUIRE) != identity)
        drop_loaded(identity);
    walk->loaded_low = module->low;
    walk->loaded_end = module->end;
    return true;
}

/* The trampoline that a handler returns to, where it has no row (libgcc knows it
 * by the same bytes). */
static TARE__READS_STACKS bool is_trampoline(uintptr_t pc)
{
#if defined(__x86_64__)
    static const uint8_t code[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05}; /* mov $15, %rax; syscall */
#else
    static const uint8_t code[] = {0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4}; /* mov x8, #139; svc #0 */
#endif
    if (pc >> TARE__ADDRESS_BITS != 0)
        return false;
    for (size_t i = 0; i < sizeof code; i++)
        if ((i == 0 || (pc + i) % 4 == 0) && !tare__os_readable((const void *)((pc + i) & ~(uintptr_t)3)))
            return false;
    for (size_t i = 0; i < sizeof code; i++)
        if (((const uint8_t *)pc)[i] != code[i])
            return false;
    return true;
}

static uint64_t compute_rule(struct tare__unwind *walk)
{
    /* Behind a call that does not return there may be another function already. */
    uintptr_t address = walk->exact ? walk->pc : walk->pc - 1;
    struct tare__unwind_module module;
    bool found = tare__unwind_module_of(address, &module);
    uint64_t rule = found ? tare__unwind_rule(&module, address) : TARE__RULE_NONE;
    if (rule == TARE__RULE_NONE && is_trampoline(walk->pc))
        return TARE__RULE_SIGNAL;
    if (rule == TARE__RULE_NONE && walk->pc == made_stacks_end)
        rule = TARE__RULE_OUTERMOST | TARE__RULE_FROM_FP;
    if (rule == TARE__RULE_NONE && tare__unwind_is_loaders_start(walk->pc))
        rule = TARE__RULE_OUTERMOST;
    if (!found || walk->exact || !may_remember(walk, &module))
        return rule;
    TARE__STORE(*tare__unwind_rule_slot(walk->pc),
                tare__unwind_tag(walk->pc) << TARE__RULE_BITS | rule | (module.stays ? 0 : TARE__RULE_LOADED));
    return rule;
}

/* Whether a rule that was remembered for a module that may be closed holds yet. */
static bool still_holds(struct tare__unwind *walk)
{
    struct tare__unwind_module module;
    return walk->pc - 1 - walk->loaded_low < walk->loaded_end - walk->loaded_low ||
           (tare__unwind_module_of(walk->pc - 1, &module) && may_remember(walk, &module));
}

static uint64_t rule_for(struct tare__unwind *walk)
{
    for (int attempts = 0; attempts < 2 && !walk->exact; attempts++) {
        uint64_t entry = TARE__LOAD(*tare__unwind_rule_slot(walk->pc));
        if (entry == 0 || entry >> TARE__RULE_BITS != tare__unwind_tag(walk->pc))
            break;
        if ((entry & TARE__RULE_LOADED) == 0)
            return entry;
        uintptr_t known = walk->loaded_low;
        if (still_holds(walk) && walk->loaded_low == known)
            return entry;
        /* The module was looked at just now, and that may have dropped the rule. */
    }
    return compute_rule(walk);
}

/* ---- Stacks ------------------------------------------------------------------ */

enum {
    PAGE_BYTES = 4096, /* the smallest there is */
    JOINED_BYTES = 1 << 20
};

/* All pages from one up to before another. Those of a frame with a large array have no
 * slot in them, and must not part the stack in two that take turns. */
static bool all_readable(uintptr_t page, uintptr_t end)
{
    if (end - page > JOINED_BYTES)
        return false;
    for (; page != end; page += PAGE_BYTES)
        if (!tare__os_readable((const void *)page))
            return false;
    return true;
}

/* The page of a slot, which is outside of what is known. */
static TARE__COLD bool extend(struct tare__unwind_stack *stack, uintptr_t slot)
{
    uintptr_t page = slot & ~(uintptr_t)(PAGE_BYTES - 1), last = page + PAGE_BYTES - sizeof slot;
    uintptr_t known_end = stack->last + sizeof slot;
    if (slot % sizeof slot != 0 || slot < PAGE_BYTES || slot >> TARE__ADDRESS_BITS != 0 ||
        !tare__os_readable((const void *)slot))
        return false;
    if (stack->last != 0 && page >= known_end && all_readable(known_end, page))
        stack->last = last;
    else if (stack->last != 0 && page < stack->low && all_readable(page + PAGE_BYTES, stack->low))
        stack->low = page;
    else
        *stack = (struct tare__unwind_stack){page, last};
    return true;
}

static TARE__READS_STACKS bool read_slot(struct tare__unwind *walk, uintptr_t slot, uintptr_t *value)
{
    if ((slot < walk->stack.low || slot > walk->stack.last || slot % sizeof slot != 0) && !extend(&walk->stack, slot))
        return false;
    *value = *(const uintptr_t *)slot;
    return true;
}

/* ---- A step ------------------------------------------------------------------ */

static enum tare__unwind_end step_out(struct tare__unwind *walk, uintptr_t pc, uintptr_t cfa, uintptr_t fp)
{
    walk->pc = TARE__UNWIND_PC(pc);
    walk->sp = cfa;
    walk->fp = fp;
    walk->exact = false;
    return walk->pc != 0 ? TARE__UNWIND_MORE : TARE__UNWIND_COMPLETE;
}

/* What the kernel pushed: the handler's pc and then, on x86-64, a ucontext. */
static enum tare__unwind_end step_to_interrupted(struct tare__unwind *walk)
{
    uintptr_t pc, sp, fp, lr = 0;
#if defined(__x86_64__)
    uintptr_t registers = walk->sp + offsetof(ucontext_t, uc_mcontext.gregs);
    walk->pc_slot = registers + REG_RIP * 8;
    walk->cfa_slot = registers + REG_RSP * 8;
    walk->fp_slot = registers + REG_RBP * 8;
#else
    enum { SIGINFO_BYTES = 128 };
    uintptr_t context = walk->sp + SIGINFO_BYTES, registers = context + offsetof(ucontext_t, uc_mcontext.regs);
    walk->pc_slot = context + offsetof(ucontext_t, uc_mcontext.pc);
    walk->cfa_slot = context + offsetof(ucontext_t, uc_mcontext.sp);
    walk->fp_slot = registers + 29u * 8;
    walk->lr_slot = registers + 30u * 8;
    if (!read_slot(walk, walk->lr_slot, &lr))
        return TARE__UNWIND_BAD_STACK;
#endif
    if (!read_slot(walk, walk->pc_slot, &pc) || !read_slot(walk, walk->cfa_slot, &sp) ||
        !read_slot(walk, walk->fp_slot, &fp))
        return TARE__UNWIND_BAD_STACK;
    if (walk->signal_frames++ == SIGNAL_FRAMES_MAX)
        return TARE__UNWIND_BAD_STACK;
    walk->pc = pc;
    walk->sp = sp;
    walk->fp = fp;
    walk->lr = lr;
    walk->exact = true;
    return TARE__UNWIND_MORE;
}

static enum tare__unwind_end step_from_leaf(struct tare__unwind *walk, uintptr_t cfa)
{
    if (!walk->exact || cfa < walk->sp) /* a call would have overwritten lr */
        return TARE__UNWIND_BAD_STACK;
    return step_out(walk, walk->lr, cfa, walk->fp);
}

static enum tare__unwind_end step_by_slots(struct tare__unwind *walk, uintptr_t cfa, uintptr_t pc_slot,
                                           uintptr_t fp_slot)
{
    uintptr_t pc, fp = walk->fp;
    if (cfa % TARE__UNWIND_STACK_ALIGNMENT != 0 || cfa <= walk->sp || pc_slot < walk->sp || pc_slot >= cfa ||
        !read_slot(walk, pc_slot, &pc) || (fp_slot != 0 && !read_slot(walk, fp_slot, &fp)))
        return TARE__UNWIND_BAD_STACK;
    walk->pc_slot = pc_slot;
    walk->fp_slot = fp_slot;
    return step_out(walk, pc, cfa, fp);
}

/* Any rule, remembered or not. */
static TARE__COLD enum tare__unwind_end step_in_general(struct tare__unwind *walk)
{
    uint64_t rule = rule_for(walk);
    walk->pc_slot = walk->fp_slot = walk->cfa_slot = walk->lr_slot = 0;
    walk->used_fp = (rule & TARE__RULE_FROM_FP) != 0;
    walk->not_called = (rule & TARE__RULE_KIND) == TARE__RULE_SIGNAL ||
                       (rule & (TARE__RULE_KIND | TARE__RULE_FROM_FP)) == (TARE__RULE_OUTERMOST | TARE__RULE_FROM_FP);
    uintptr_t saved = TARE__RULE_SAVED_BYTES(rule);
    uintptr_t cfa = ((rule & TARE__RULE_FROM_FP) != 0 ? walk->fp : walk->sp) + (rule & TARE__RULE_CFA_BYTES);
    switch (rule & TARE__RULE_KIND) {
    case TARE__RULE_FRAME:
        return step_by_slots(walk, cfa, cfa - (TARE__UNWIND_PC_ABOVE_SAVED != 0 ? saved - 8 : 8),
                             saved != 0 ? cfa - saved : 0);
    case TARE__RULE_PC_SAVED:
        return step_by_slots(walk, cfa, cfa - (saved != 0 ? saved : rule & TARE__RULE_CFA_BYTES), 0);
    case TARE__RULE_PC_IN_LR:
        return step_from_leaf(walk, cfa);
#if defined(__x86_64__)
    case TARE__RULE_REALIGNED:
        walk->used_fp = true;
        walk->cfa_slot = walk->fp - saved;
        if (!read_slot(walk, walk->cfa_slot, &cfa))
            return TARE__UNWIND_BAD_STACK;
        return step_by_slots(walk, cfa, cfa - 8, walk->fp);
#else
    case TARE__RULE_LARGE: {
        uintptr_t record = cfa - (rule & TARE__RULE_CFA_BYTES);
        return step_by_slots(walk, cfa, record + 8, record);
    }
#endif
    case TARE__RULE_OUTERMOST:
        return TARE__UNWIND_COMPLETE;
    case TARE__RULE_SIGNAL:
        return step_to_interrupted(walk);
    case TARE__RULE_NONE:
        return TARE__UNWIND_NO_RULE;
    default:
        return TARE__UNWIND_NOT_TAKEN;
    }
}

TARE__INLINE struct tare__unwind_frame frame_of(const struct tare__unwind *walk)
{
    return (struct tare__unwind_frame){walk->pc, walk->sp, walk->fp, 0, 0, false};
}

TARE__INLINE void set_frame(struct tare__unwind *walk, struct tare__unwind_frame frame)
{
    walk->pc = frame.pc;
    walk->sp = frame.sp;
    walk->fp = frame.fp;
}

/* ---- Walks ------------------------------------------------------------------- */

TARE__READS_STACKS enum tare__unwind_end tare__unwind_step(struct tare__unwind *walk)
{
    struct tare__unwind_frame frame = frame_of(walk);
    if (walk->exact || !tare__unwind_quickly(&frame, walk->stack.low, walk->stack.last))
        return step_in_general(walk);
    set_frame(walk, frame);
    walk->pc_slot = frame.pc_slot;
    walk->fp_slot = frame.fp_slot;
    walk->cfa_slot = walk->lr_slot = 0;
    walk->used_fp = frame.used_fp;
    walk->not_called = false;
    return walk->pc != 0 ? TARE__UNWIND_MORE : TARE__UNWIND_COMPLETE;
}

TARE__READS_STACKS struct tare__unwind_result tare__unwind_walk(struct tare__unwind *walk, uintptr_t *addresses,
                                                                uint32_t max, uintptr_t above)
{
    struct tare__unwind_result result = {0, TARE__UNWIND_MORE};
    struct tare__unwind_frame frame = frame_of(walk);
    uintptr_t low = walk->stack.low, last = walk->stack.last;
    bool exact = walk->exact;
    while (TARE__LIKELY(frame.pc != 0)) {
        if (TARE__LIKELY(frame.sp >= above)) {
            above = 0; /* a handler's stack may be above that of its thread */
            if (TARE__UNLIKELY(result.depth == max)) {
                result.end = TARE__UNWIND_FULL;
                return result;
            }
            addresses[result.depth++] = frame.pc;
        }
        if (TARE__LIKELY(!exact && tare__unwind_quickly(&frame, low, last)))
            continue;
        set_frame(walk, frame);
        result.end = step_in_general(walk);
        if (result.end != TARE__UNWIND_MORE)
            return result;
        frame = frame_of(walk);
        low = walk->stack.low;
        last = walk->stack.last;
        exact = walk->exact;
    }
    result.end = TARE__UNWIND_COMPLETE;
    return result;
}

/* A frame record is the caller's fp, and above it the return address. */
enum tare__unwind_end tare__unwind_step_by_frame_pointer(struct tare__unwind *walk)
{
    uintptr_t record = walk->fp, pc, fp;
    walk->pc_slot = walk->fp_slot = walk->cfa_slot = walk->lr_slot = 0;
    walk->used_fp = true;
    walk->not_called = false;
    if (record == 0)
        return TARE__UNWIND_COMPLETE;
    if (record < walk->sp || !read_slot(walk, record + 8, &pc) || !read_slot(walk, record, &fp))
        return TARE__UNWIND_BAD_STACK;
    walk->pc_slot = record + 8;
    walk->fp_slot = record;
    return step_out(walk, pc, record + 16, fp);
}

/* The frames below are tare's own, and may have none. */
struct tare__unwind_result tare__unwind_walk_frame_pointers(struct tare__unwind *walk, uintptr_t *addresses,
                                                            uint32_t max, uintptr_t above)
{
    struct tare__unwind_result result = {0, TARE__UNWIND_MORE};
    while (result.end == TARE__UNWIND_MORE && walk->sp < above)
        result.end = tare__unwind_step(walk);
    while (result.end == TARE__UNWIND_MORE) {
        if (result.depth == max) {
            result.end = TARE__UNWIND_FULL;
            break;
        }
        addresses[result.depth++] = walk->pc;
        result.end = tare__unwind_step_by_frame_pointer(walk);
    }
    return result;
}

#pragma weak makecontext
static void nothing(void) {}

/* Makes a stack, and looks at it. */
static TARE__READS_STACKS uintptr_t find_made_stacks_end(void)
{
    uintptr_t stack[64];
    ucontext_t made = {.uc_stack = {.ss_sp = stack, .ss_size = sizeof stack}};
    if (makecontext == NULL)
        return 0;
    makecontext(&made, nothing, 0);
#if defined(__x86_64__)
    return *(const uintptr_t *)made.uc_mcontext.gregs[REG_RSP];
#else
    return made.uc_mcontext.regs[30];
#endif
}

void tare__unwind_start(void)
{
    uintptr_t unused;
    made_stacks_end = find_made_stacks_end();
    tare__unwind_modules_start();
    tare__unwind_slowly(&unused, 0, 0);
}
