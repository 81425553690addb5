/* SPDX-License-Identifier: MIT */
/*
 * The ids of stacks, by the memory of the last walk and without it, are those of
 * libgcc's frames: in calls that come and go at random, in handlers, on stacks of the
 * program's own, after jumps and exceptions, 10,000 deep; and the same stack has the
 * same id in each thread.
 */
#include <alloca.h>
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

#include "looker.h"

#define NOINLINE __attribute__((noinline))

static struct looker looker;
static volatile long sink;

/* ---- Calls at random ------------------------------------------------------------- */

enum { DEEPEST = 40, JUMPS = 8 };

static uint64_t seed = 88172645463325252u;
static int steps_left;
static int depth, catching; /* calls of roam; blocks that catch */
static jmp_buf jumps[JUMPS];
static int jump_count;
static bool in_handler;
static bool may_throw = true; /* which allocates: not where a handler may jump away */

static unsigned choose(unsigned of)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 20) % of;
}

static void roam(void);

NOINLINE static long plain(long a)
{
    roam();
    return a + sink;
}

NOINLINE static long loops(int times)
{
    long sum = 0;
    for (int i = 0; i < times && steps_left > 0; i++) {
        look(&looker);
        roam();
        sum += i * sink;
    }
    return sum;
}

NOINLINE static long several_sites(long a)
{
    look(&looker);
    look(&looker);
    roam();
    look(&looker);
    return a + sink;
}

NOINLINE static long grows(unsigned bytes)
{
    volatile char *block = (volatile char *)alloca(bytes + 16);
    block[0] = 1;
    roam();
    look(&looker);
    return block[0];
}

NOINLINE static long many_saved(long a, long b, long c, long d, long e, long f)
{
    roam();
    long sum = a * b + c;
    look(&looker);
    return sum + d * e - f + sink;
}

typedef int vector __attribute__((vector_size(32)));

NOINLINE static long realigned(int a, int b, int c, int d, int e, int f, int g, int h)
{
    volatile vector aligned = {a, b, c, d, e, f, g, h};
    volatile char *block = (volatile char *)alloca((size_t)(g & 63) + 16);
    block[0] = (char)h;
    roam();
    return aligned[3] + block[0] + h;
}

static int by_value(const void *a, const void *b)
{
    if (steps_left > 0 && choose(3) == 0)
        look(&looker);
    return *(const int *)a - *(const int *)b;
}

NOINLINE static void sorts(void)
{
    int numbers[] = {3, 1, 2};
    qsort(numbers, 3, sizeof *numbers, by_value);
    roam();
}

NOINLINE static void may_jump_here(void)
{
    if (jump_count == JUMPS || in_handler)
        return;
    int before = depth, catching_before = catching;
    if (setjmp(jumps[jump_count]) == 0) {
        jump_count++;
        roam();
        jump_count--;
    } else {
        depth = before;
        catching = catching_before;
        look(&looker);
    }
}

NOINLINE static void jumps_away(void)
{
    if (jump_count == 0 || in_handler)
        return;
    jump_count = (int)choose((unsigned)jump_count);
    longjmp(jumps[jump_count], 1);
}

static void on_signal(int number)
{
    (void)number;
    in_handler = true;
    look(&looker);
    roam();
    look(&looker);
    in_handler = false;
}

NOINLINE static void raises(void)
{
    if (!in_handler)
        raise(choose(2) == 0 ? SIGUSR1 : SIGUSR2); /* on this stack, on one of its own */
}

/* By callstack_throw.cc, where there is one. */
void call_and_catch(void (*function)(void)) __attribute__((weak));
void throw_away(void) __attribute__((weak));

NOINLINE static void catches(void)
{
    if (call_and_catch == NULL || in_handler || !may_throw)
        return;
    int before = depth, jumps_before = jump_count;
    catching++;
    call_and_catch(roam);
    catching--;
    depth = before;
    jump_count = jumps_before;
    look(&looker);
}

static void call_another_way(unsigned how)
{
    switch (how) {
    case 0:
        sorts();
        break;
    case 1:
        may_jump_here();
        break;
    case 2:
        jumps_away();
        break;
    case 3:
        raises();
        break;
    case 4:
        catches();
        break;
    default:
        if (throw_away != NULL && catching > 0 && jump_count == 0 && !in_handler)
            throw_away();
        break;
    }
}

/* Goes on by calling this or that, or comes back. */
NOINLINE static void roam(void)
{
    depth++;
    while (steps_left > 0 && depth < DEEPEST) {
        steps_left--;
        switch (choose(12)) {
        case 0:
            sink = plain(1);
            break;
        case 1:
            sink = loops((int)choose(6));
            break;
        case 2:
            sink = several_sites(2);
            break;
        case 3:
            sink = grows(choose(300));
            break;
        case 4:
            sink = many_saved(1, 2, 3, 4, 5, 6);
            break;
        case 5:
            sink = realigned(1, 2, 3, 4, 5, 6, (int)choose(200), 8);
            break;
        case 6:
        case 7:
            call_another_way(choose(6));
            break;
        case 8:
            look(&looker);
            break;
        default:
            depth--;
            return;
        }
    }
    depth--;
}

static void roam_again(int steps)
{
    steps_left = steps;
    while (steps_left > 0) {
        depth = jump_count = catching = 0;
        roam();
    }
}

static void handle_signals(void)
{
    static char memory[128 * 1024];
    stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory};
    CHECK(sigaltstack(&stack, NULL) == 0);
    struct sigaction action = {.sa_handler = on_signal};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    action.sa_flags = SA_ONSTACK;
    CHECK(sigaction(SIGUSR2, &action, NULL) == 0);
}

/* ---- Handlers that come upon a walk ----------------------------------------------------- */

enum { INTERRUPTIONS = 3000 };

static volatile sig_atomic_t interruptions;
static sigjmp_buf from_anywhere;

static void on_timer(int number)
{
    (void)number;
    uint32_t id = tare__callstack(&looker.remembering, TARE__FRAME);
    CHECK(id != 0);
    CHECK_EQUAL(tare__callstack(&tare__late_thread, TARE__FRAME), id);
    if (++interruptions % 7 == 0)
        siglongjmp(from_anywhere, 1);
}

/* On this stack, and on one of its own, at any instruction; some jump away. */
static void interrupted(int flags, int wanted)
{
    struct sigaction action = {.sa_handler = on_timer, .sa_flags = flags};
    struct itimerval often = {{0, 40}, {0, 40}}, never = {{0, 0}, {0, 0}};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    interruptions = 0;
    may_throw = false;
    if (sigsetjmp(from_anywhere, 0) == 0) /* the mask when we are here, else the next would nest */
        CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    sigset_t none;
    CHECK(sigemptyset(&none) == 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0);
    in_handler = false;
    while (interruptions < wanted)
        roam_again(20);
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    may_throw = true;
}

/* ---- Stacks of its own --------------------------------------------------------------- */

enum { FIBRES = 4, FIBRE_BYTES = 256 * 1024, TURNS = 60 };

static ucontext_t home, fibres[FIBRES];
static char *fibre_stacks[FIBRES];
static bool over[FIBRES];
static int running;

static void fibre(void)
{
    for (int turn = 0; turn < TURNS; turn++) {
        look(&looker);
        if (choose(3) == 0)
            roam_again(30);
        int from = running;
        CHECK(swapcontext(&fibres[from], &home) == 0);
        look(&looker);
    }
    over[running] = true;
}

/* Some at the place of one that has ended, and smaller. */
static void start_fibre(int i, size_t bytes)
{
    fibre_stacks[i] = (char *)mmap(fibre_stacks[i], bytes, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | (fibre_stacks[i] != NULL ? MAP_FIXED : 0), -1, 0);
    CHECK(fibre_stacks[i] != MAP_FAILED && getcontext(&fibres[i]) == 0);
    fibres[i].uc_stack.ss_sp = fibre_stacks[i];
    fibres[i].uc_stack.ss_size = bytes;
    fibres[i].uc_link = &home;
    makecontext(&fibres[i], fibre, 0);
    over[i] = false;
}

static void switch_stacks(void)
{
    for (int round = 0; round < 3; round++) {
        size_t bytes = FIBRE_BYTES - (size_t)round * 65536;
        for (int i = 0; i < FIBRES; i++)
            start_fibre(i, bytes);
        for (int left = FIBRES; left > 0;) {
            running = (int)choose(FIBRES);
            if (over[running])
                continue;
            CHECK(swapcontext(&home, &fibres[running]) == 0);
            left -= over[running];
            look(&looker);
        }
        for (int i = 0; i < FIBRES; i++)
            CHECK(munmap(fibre_stacks[i], bytes) == 0);
    }
}

/* ---- Deep ------------------------------------------------------------------------------ */

enum { RECURSION = 10000 };

NOINLINE static long recursion(int left)
{
    volatile long kept = left;
    if (left == 0 || left == 500) {
        uint32_t id = look(&looker);
        CHECK(depth_of(id) >= (uint32_t)(RECURSION - left));
    }
    if (left == 0)
        return 0;
    long below = recursion(left - 1);
    return below + kept;
}

/* ---- Truncated --------------------------------------------------------------------------- */

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
    uint32_t id = tare__callstack(&looker.remembering, TARE__FRAME);
    CHECK(id != 0);
    const struct tare__frame *frame = tare__frame_at(id);
    CHECK_EQUAL(frame->address, (uintptr_t)behind_the_call);
    CHECK_EQUAL(frame->flags, 0);
    CHECK_EQUAL(frame->depth, 2);
    const struct tare__frame *why = tare__frame_at(frame->parent);
    CHECK_EQUAL(why->flags, TARE__FRAME_TRUNCATED);
    CHECK_EQUAL(why->address, TARE__TRUNCATED_NO_RULE);
    CHECK_EQUAL(why->parent, 0);
    CHECK_EQUAL(why->module, 0);
    CHECK_EQUAL(tare__callstack(&looker.remembering, TARE__FRAME), id);
    CHECK_EQUAL(tare__callstack(&looker.forgetting, TARE__FRAME), id);
    CHECK_EQUAL(tare__callstack(&tare__late_thread, TARE__FRAME), id);
    return 0;
}

/* The innermost `max` frames, and why there are no more. */
NOINLINE static void look_cut(uint32_t max)
{
    uint32_t whole = look(&looker);
    tare__callstack_depth_max = max;
    uint32_t id = tare__callstack(&looker.remembering, TARE__FRAME);
    CHECK_EQUAL(tare__callstack(&looker.remembering, TARE__FRAME), id);
    CHECK_EQUAL(tare__callstack(&tare__late_thread, TARE__FRAME), id);
    tare__callstack_depth_max = UINT32_MAX;
    uint32_t theirs = tare__callstack(&looker.remembering, TARE__FRAME);
    CHECK_EQUAL(depth_of(theirs) + 1, depth_of(whole));
    if (depth_of(theirs) <= max) {
        CHECK_EQUAL(id, theirs);
        return;
    }
    CHECK_EQUAL(depth_of(id), max + 1);
    for (uint32_t i = 0; i < max; i++) {
        CHECK_EQUAL(tare__frame_at(id)->address, tare__frame_at(theirs)->address);
        id = tare__frame_at(id)->parent;
        theirs = tare__frame_at(theirs)->parent;
    }
    CHECK_EQUAL(tare__frame_at(id)->flags, TARE__FRAME_TRUNCATED);
    CHECK_EQUAL(tare__frame_at(id)->address, TARE__TRUNCATED_DEPTH);
}

NOINLINE static long cut(int left)
{
    volatile long kept = left;
    if (left > 0)
        return cut(left - 1) + kept;
    for (uint32_t max = 1; max < 150; max++)
        look_cut(max);
    return kept;
}

/* ---- Threads ------------------------------------------------------------------------------- */

enum { THREADS = 4, DISTINCT = 2000 };

static pthread_barrier_t together;
static uint32_t ids[THREADS][DISTINCT];

NOINLINE static uint32_t branch(struct tare__thread *thread, unsigned path);
NOINLINE static uint32_t left_branch(struct tare__thread *thread, unsigned path)
{
    volatile uint32_t id = branch(thread, path);
    return id;
}
NOINLINE static uint32_t right_branch(struct tare__thread *thread, unsigned path)
{
    volatile uint32_t id = branch(thread, path);
    return id;
}
NOINLINE static uint32_t branch(struct tare__thread *thread, unsigned path)
{
    volatile uint32_t id;
    if (path <= 1)
        id = tare__callstack(thread, TARE__FRAME);
    else if (path % 2 == 0)
        id = left_branch(thread, path / 2);
    else
        id = right_branch(thread, path / 2);
    return id;
}

static void *same_stacks(void *argument)
{
    static struct tare__thread threads[THREADS];
    size_t number = (size_t)argument;
    pthread_barrier_wait(&together);
    for (unsigned i = 0; i < DISTINCT; i++)
        ids[number][i] = branch(&threads[number], i + DISTINCT);
    return NULL;
}

static void in_parallel(void)
{
    pthread_t threads[THREADS];
    CHECK(pthread_barrier_init(&together, NULL, THREADS) == 0);
    for (size_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, same_stacks, (void *)i) == 0);
    for (size_t i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    for (unsigned i = 0; i < DISTINCT; i++) {
        CHECK(ids[0][i] != 0 && (i == 0 || ids[0][i] != ids[0][i - 1]));
        for (size_t k = 1; k < THREADS; k++)
            CHECK_EQUAL(ids[k][i], ids[0][i]);
    }
}

/* ---- Modules ---------------------------------------------------------------------------------- */

/* Each frame's module is the one that the loader says. */
static void modules(void)
{
    static char program[1024];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    CHECK(length > 0);
    for (uint32_t id = look(&looker); id != 0; id = tare__frame_at(id)->parent) {
        const struct tare__frame *frame = tare__frame_at(id);
        const struct tare__module *module = tare__module_at(frame->module);
        Dl_info info;
        CHECK(frame->module != 0 && frame->address - module->low < module->end - module->low);
        CHECK_EQUAL(module->load_epoch, 0);
        CHECK_EQUAL(module->path_cut, 0);
        if (module->is_program) {
            CHECK(strcmp(module->path, program) == 0);
            continue;
        }
        CHECK(dladdr((void *)(frame->address - 1), &info) != 0);
        CHECK(strcmp(info.dli_fname, module->path) == 0 && module->path[0] == '/');
        CHECK_EQUAL((uintptr_t)info.dli_fbase, module->low);
        CHECK_EQUAL(module->bias, module->low); /* a library is linked at 0 */
        CHECK(module->build_id_bytes >= 16);
    }
}

/* ---- Where there is nothing more ------------------------------------------------------------------ */

static void forked(void)
{
    uint32_t before = look(&looker);
    tare__callstack_fork_prepare();
    tare__callstack_fork_parent();
    CHECK_EQUAL(look(&looker) != 0, 1);
    tare__callstack_fork_prepare();
    tare__callstack_fork_child(false);
    uint32_t kept = look(&looker);
    CHECK_EQUAL(tare__frame_at(kept)->parent, tare__frame_at(before)->parent);
    tare__callstack_fork_prepare();
    tare__callstack_fork_child(true);
    uint32_t anew = look(&looker);
    CHECK(tare__frame_at(anew)->parent > kept);
}

/* Argument: how many steps, 20,000 by itself. */
int main(int argc, char **argv)
{
    int steps = argc > 1 ? atoi(argv[1]) : 20000;
    tare__unwind_start();
    tare__callstack_start();
    modules();
    handle_signals();
    roam_again(steps);
    int wanted = argc > 1 ? INTERRUPTIONS / 10 : INTERRUPTIONS;
    interrupted(0, wanted);
    interrupted(SA_ONSTACK, wanted);
    roam_again(steps / 4);
    switch_stacks();
    for (int i = 0; i < (argc > 1 ? 1 : 3); i++) {
        recursion(RECURSION);
        roam_again(100);
    }
    without_tables(look_from_code_without_tables);
    cut(100);
    in_parallel();
    forked();
    roam_again(steps / 4);
    dprintf(1, "%" PRIu64 " stacks compared, %" PRIu64 " exact frames\n", looker.looks, looker.exact);
    CHECK_EQUAL(looker.truncated, 0);
    CHECK(looker.exact > 100);
    return 0;
}
