/* SPDX-License-Identifier: MIT */
/*
 * Our walks are libgcc's, frame by frame, wherever code may be: in frames of each
 * kind, in callbacks of libc, in handlers, on stacks of the program's own, and (on
 * x86-64) at each single instruction of calls that are bound late. unwind.sh builds
 * this file by each compiler and in each way.
 */
#include <alloca.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "check.h"
#include "unwinder.h"

#define NOINLINE __attribute__((noinline))

enum { FRAMES_MAX = 10200, RECURSION = 10000, LIMIT_BYTES = 4096 };

static uintptr_t ours[FRAMES_MAX], theirs[FRAMES_MAX];
static struct tare__unwind_result our_end, their_end;
static uint32_t checks, not_taken, least_depth;
static bool on_made_stack; /* by makecontext(): libgcc does not see that it ends */

/* The frames from `above` on, which is one of the callers'. */
NOINLINE static void compare(uintptr_t above)
{
    struct tare__unwind walk = tare__unwind_here((struct tare__unwind_stack){0, 0});
    our_end = tare__unwind_walk(&walk, ours, FRAMES_MAX, above);
    their_end = tare__unwind_slowly(theirs, FRAMES_MAX, above);
    checks++;
    if (our_end.end == TARE__UNWIND_NOT_TAKEN) { /* then the slow one is what counts */
        not_taken++;
        return;
    }
    if (on_made_stack && their_end.end == TARE__UNWIND_NO_RULE)
        their_end.end = TARE__UNWIND_COMPLETE;
    for (uint32_t i = 0; i < our_end.depth && i < their_end.depth; i++)
        if (ours[i] != theirs[i])
            dprintf(2, "frame %u: %#lx, libgcc %#lx\n", i, (unsigned long)ours[i], (unsigned long)theirs[i]);
    if (our_end.depth != their_end.depth || our_end.end != their_end.end)
        dprintf(2, "frame 0 at %#lx; ends: %d, libgcc %d\n", (unsigned long)ours[0], our_end.end, their_end.end);
    CHECK_EQUAL(our_end.depth, their_end.depth);
    CHECK(memcmp(ours, theirs, our_end.depth * sizeof *ours) == 0);
    CHECK_EQUAL(our_end.end, their_end.end);
    CHECK(our_end.depth >= least_depth);
}

/* From the caller of this function on: on main's stack to the outermost frame. */
NOINLINE static int look(void)
{
    compare((uintptr_t)__builtin_frame_address(0));
    CHECK_EQUAL(our_end.end, TARE__UNWIND_COMPLETE);
    return 1;
}

/* ---- Frames ------------------------------------------------------------------ */

static volatile int sink;

NOINLINE static int with_alloca(int size)
{
    char *block = (char *)alloca((size_t)size);
    block[0] = 1;
    int found = look();
    sink = block[0];
    return found + 1;
}

NOINLINE static int with_array(int size)
{
    volatile int array[size];
    array[0] = size;
    int found = with_alloca(size * 3);
    return found + array[0];
}

NOINLINE static int with_large_frame(void)
{
    volatile char large[200000];
    large[1] = 1;
    return look() + large[1];
}

typedef int vector __attribute__((vector_size(32)));

/* Aligns its stack for vectors and takes arguments from the caller's. */
NOINLINE static int realigned(int a, int b, int c, int d, int e, int f, int g, int h)
{
    volatile vector aligned = {a, b, c, d, e, f, g, h};
    char *block = (char *)alloca((size_t)g * 16);
    block[0] = (char)h;
    return look() + (int)aligned[3] + block[0] + h;
}

NOINLINE static int many_saved(int a, int b, int c, int d, int e, int f)
{
    volatile int kept[6] = {a, b, c, d, e, f};
    int sum = look() + a * b;
    sum += with_alloca(c) + d * e;
    return sum + look() + kept[5] + f * a;
}

NOINLINE static int tail_called(int n)
{
    return n > 0 ? with_array(n) : look();
}

NOINLINE static int tail_calls(int n)
{
    return tail_called(n + 1);
}

NOINLINE static int recursion(int left)
{
    volatile int kept = left;
    if (left == 0)
        return look();
    return recursion(left - 1) + kept;
}

static jmp_buf away;

NOINLINE __attribute__((noreturn)) static void never_returns(void)
{
    look();
    longjmp(away, 1);
}

/* Its last instruction is a call: the return address is another function's. */
NOINLINE static void ends_in_call(void)
{
    sink = 1;
    never_returns();
}

static int by_value(const void *a, const void *b)
{
    look();
    return *(const int *)a - *(const int *)b;
}

static void callbacks(void)
{
    int numbers[] = {5, 3, 9, 1, 4, 7};
    qsort(numbers, 6, sizeof *numbers, by_value);
    int wanted = 4;
    CHECK(bsearch(&wanted, numbers, 6, sizeof *numbers, by_value) != NULL);
}

static void frames(void)
{
    look();
    with_alloca(100);
    with_array(33);
    with_large_frame();
    realigned(1, 2, 3, 4, 5, 6, 7, 8);
    many_saved(1, 2, 3, 4, 5, 6);
    tail_calls(4);
    if (setjmp(away) == 0)
        ends_in_call();
    callbacks();
    least_depth = RECURSION;
    recursion(RECURSION);
    least_depth = 0;
}

/* ---- Code without tables ------------------------------------------------------- */

int without_tables(int (*function)(void));
#if defined(__x86_64__)
__asm__(".text\n.globl without_tables\nwithout_tables:\n\tsubq $24, %rsp\n\tcall *%rdi\n.globl "
        "behind_the_call\nbehind_the_call:\n"
        "\taddq $24, %rsp\n\tret\n");
#else
__asm__(".text\n.globl without_tables\nwithout_tables:\n\tsub sp, sp, #32\n\tstr x30, [sp, #8]\n\tblr x0\n.globl "
        "behind_the_call\n"
        "behind_the_call:\n\tldr x30, [sp, #8]\n\tadd sp, sp, #32\n\tret\n");
#endif
extern const char behind_the_call[];

NOINLINE static int look_from_code_without_tables(void)
{
    struct tare__unwind walk = tare__unwind_here((struct tare__unwind_stack){0, 0});
    our_end = tare__unwind_walk(&walk, ours, FRAMES_MAX, (uintptr_t)__builtin_frame_address(0));
    return 1;
}

static void truncated(void)
{
    without_tables(look_from_code_without_tables);
    CHECK_EQUAL(our_end.end, TARE__UNWIND_NO_RULE);
    CHECK(tare__unwind_truncated(our_end));
    CHECK(our_end.depth >= 1);
    CHECK_EQUAL(ours[our_end.depth - 1], (uintptr_t)behind_the_call);
}

/* No more than asked for, and then it says so. */
static void cut(void)
{
    struct tare__unwind walk = tare__unwind_here((struct tare__unwind_stack){0, 0});
    uintptr_t two[3] = {0, 0, 77};
    struct tare__unwind_result end = tare__unwind_walk(&walk, two, 2, 0);
    CHECK_EQUAL(end.depth, 2);
    CHECK_EQUAL(end.end, TARE__UNWIND_FULL);
    CHECK_EQUAL(two[2], 77);
}

/* ---- Step by step --------------------------------------------------------------- */

/* Steps name all that they read: the words at the slots are the caller's. */
NOINLINE static void steps(void)
{
    struct tare__unwind walk = tare__unwind_here((struct tare__unwind_stack){0, 0});
    struct tare__unwind again = walk;
    struct tare__unwind_result end = tare__unwind_walk(&again, ours, FRAMES_MAX, 0);
    uint32_t depth = 0;
    enum tare__unwind_end step;
    do {
        CHECK_EQUAL(walk.pc, ours[depth]);
        uintptr_t fp = walk.fp, sp = walk.sp;
        depth++;
        step = tare__unwind_step(&walk);
        if (step != TARE__UNWIND_MORE)
            break;
        CHECK(walk.sp > sp);
        CHECK_EQUAL(*(const uintptr_t *)walk.pc_slot & ((1ul << 48) - 1), walk.pc); /* without a signature */
        CHECK_EQUAL(walk.fp_slot != 0 ? *(const uintptr_t *)walk.fp_slot : fp, walk.fp);
    } while (depth < end.depth);
    CHECK_EQUAL(step, TARE__UNWIND_COMPLETE);
    CHECK_EQUAL(depth, end.depth);
}

/* ---- Handlers ------------------------------------------------------------------- */

static volatile sig_atomic_t handled;

static void look_in_handler(int number)
{
    (void)number;
    look();
    handled++;
}

static void handler(int flags)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = look_in_handler;
    action.sa_flags = flags;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    handled = 0;
    raise(SIGUSR1);
    CHECK_EQUAL(handled, 1);
}

static void handlers(void)
{
    handler(0);
    handler(SA_SIGINFO | SA_RESTART);
    static char memory[64 * 1024];
    stack_t stack, old;
    memset(&stack, 0, sizeof stack);
    stack.ss_sp = memory;
    stack.ss_size = sizeof memory;
    CHECK(sigaltstack(&stack, &old) == 0);
    handler(SA_ONSTACK);
    CHECK(sigaltstack(&old, NULL) == 0);
}

#if defined(__x86_64__)

/* The trap flag stops the program behind each instruction: in prologues, in
 * epilogues, in the PLT and in the loader where it binds. */
static void at_each_instruction(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    compare((uintptr_t)context + 1);
}

void set_trap_flag(void);
void clear_trap_flag(void);
#define FLAG_FUNCTION(name, instruction)                                                                               \
    __asm__(".text\n.globl " name "\n" name                                                                            \
            ":\n\t.cfi_startproc\n\tpushfq\n\t.cfi_adjust_cfa_offset 8\n\t" instruction                                \
            ", (%rsp)\n\tpopfq\n\t.cfi_adjust_cfa_offset -8\n\tret\n\t.cfi_endproc\n")
FLAG_FUNCTION("set_trap_flag", "orq $256");
FLAG_FUNCTION("clear_trap_flag", "andq $-257");

NOINLINE static int quiet(int n)
{
    volatile int array[n];
    array[0] = n;
    return array[0];
}

static void each_instruction(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = at_each_instruction;
    action.sa_flags = SA_SIGINFO;
    CHECK(sigaction(SIGTRAP, &action, NULL) == 0);
    uint32_t before = checks;
    set_trap_flag();
    sink = quiet(7) + atoi("12"); /* bound late, unless the linker was told otherwise */
    srand(3);
    sink = rand();
    clear_trap_flag();
    CHECK(checks - before > 100);
    CHECK(not_taken < (checks - before) / 2); /* the loader's resolver keeps its CFA in rbx */
}

#else
static void each_instruction(void) {}
#endif

/* ---- Stacks ------------------------------------------------------------------------ */

static void *on_thread(void *unused)
{
    look();
    with_array(20);
    handler(0);
    return unused;
}

static void threads(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN) == 0);
    CHECK(pthread_create(&thread, &attributes, on_thread, NULL) == 0 && pthread_join(thread, NULL) == 0);
    pthread_attr_destroy(&attributes);
}

static ucontext_t back, other;
enum { PAGE = 4096, STACK_BYTES = 64 * 1024, PAINT = 0xa5 };
static unsigned char *own_stack;

/* Between two pages that can't be used. */
static void run_on_own_stack(void (*function)(void))
{
    if (own_stack == NULL) {
        own_stack = (unsigned char *)mmap(NULL, STACK_BYTES + 2 * PAGE, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(own_stack != MAP_FAILED && mprotect(own_stack, PAGE, PROT_NONE) == 0);
        own_stack += PAGE;
        CHECK(mprotect(own_stack + STACK_BYTES, PAGE, PROT_NONE) == 0);
    }
    memset(own_stack, PAINT, STACK_BYTES);
    CHECK(getcontext(&other) == 0);
    other.uc_stack.ss_sp = own_stack;
    other.uc_stack.ss_size = STACK_BYTES;
    other.uc_link = &back;
    makecontext(&other, function, 0);
    CHECK(swapcontext(&back, &other) == 0);
}

static void look_on_own_stack(void)
{
    on_made_stack = true;
    look();
    on_made_stack = false;
}

/* ---- How much stack it takes ------------------------------------------------------- */

static size_t used(void (*function)(void))
{
    run_on_own_stack(function);
    size_t untouched = 0;
    while (untouched < STACK_BYTES && own_stack[untouched] == PAINT)
        untouched++;
    return STACK_BYTES - untouched;
}

static void nothing(void) {}

static void walk_only(void)
{
    struct tare__unwind walk = tare__unwind_here((struct tare__unwind_stack){0, 0});
    our_end = tare__unwind_walk(&walk, ours, FRAMES_MAX, 0);
}

static void little_stack(void)
{
    size_t bytes = used(walk_only) - used(nothing);
    dprintf(1, "a first walk takes %zu bytes of stack\n", bytes);
    CHECK(bytes < LIMIT_BYTES);
}

/* ---- Wrong input --------------------------------------------------------------------- */

/* However wrong pc, sp and fp are: nothing is read that isn't there, and it ends. */
static void wrong_frames(void)
{
    static const uintptr_t odd[] = {0, 1, 8, 4096, 0x7ffffffff000, 0xdeadbeefdeadbee8, UINTPTR_MAX - 7, UINTPTR_MAX};
    struct tare__unwind right = tare__unwind_here((struct tare__unwind_stack){0, 0});
    uint32_t seed = 1;
    for (int i = 0; i < 20000; i++) {
        struct tare__unwind walk = right;
        uintptr_t *fields[] = {&walk.pc, &walk.sp, &walk.fp};
        for (int field = 0; field < 3; field++) {
            seed = seed * 1664525 + 1013904223;
            unsigned choice = seed >> 16;
            if (choice % 4 == 1)
                *fields[field] = odd[choice / 4 % 8];
            else if (choice % 4 == 2)
                *fields[field] += choice;
            else if (choice % 4 == 3 && field > 0)
                *fields[field] = (uintptr_t)own_stack + choice;
        }
        struct tare__unwind by_pointers = walk;
        tare__unwind_walk(&walk, ours, FRAMES_MAX, 0);
        struct tare__unwind_result end = tare__unwind_walk_frame_pointers(&by_pointers, ours, FRAMES_MAX, 0);
        CHECK(end.end != TARE__UNWIND_MORE);
    }
}

int main(void)
{
    tare__unwind_start();
    for (int round = 0; round < 2; round++) { /* rules computed, rules remembered */
        frames();
        truncated();
        cut();
        steps();
        handlers();
        each_instruction();
        threads();
        run_on_own_stack(look_on_own_stack);
        little_stack();
    }
    wrong_frames();
    dprintf(1, "%u walks compared, %u not taken\n", checks, not_taken);
    return 0;
}
