/* SPDX-License-Identifier: MIT */
/* What is run, how often, and what the result says of it; how blocks are left; and every error. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "caught.h"

static tare_fault_result result;
static unsigned told;

/* Shared with the children, which can't tell otherwise. */
static struct shared {
    uint64_t runs, fired, seen_none;
    uint64_t sizes[64];
} * shared;

static void start(void)
{
    memset(shared, 0, sizeof *shared);
    memset(&result, 0xff, sizeof result);
    told = caught.count;
}

static void check_clean(void)
{
    if (caught.count != told)
        dprintf(2, "%s", caught.message);
    CHECK_EQUAL(caught.count, told);
    CHECK_EQUAL(result.passed, result.runs);
}

static void check_told(int error, const char *part)
{
    CHECK_EQUAL(caught.count, told + 1);
    CHECK_EQUAL(caught.error, error);
    CHECK_CONTAINS(caught.message, part);
    told = caught.count;
}

/* ---- Code that bears it ------------------------------------------------------- */

/* From one call stack; how many came. */
__attribute__((noinline)) static int take(size_t size, int count)
{
    int came = 0;
    for (int i = 0; i < count; i++) {
        void *block = malloc(size);
        came += block != NULL;
        free(block);
    }
    return came;
}

/* Nine allocations from three call stacks. */
__attribute__((noinline)) static int nine(void)
{
    int came = take(10, 4);
    came += take(20, 3);
    came += take(30, 2);
    return came;
}

static void note_run(void)
{
    shared->runs++;
    shared->fired += tare_fault_fired();
}

/* ---- What is run -------------------------------------------------------------- */

static void check_stacks(tare_fault_isolation isolation)
{
    start();
    tare_fault_sweep(.result = &result, .isolation = isolation)
    {
        int came = nine();
        note_run();
        tare_fault_check(came + (int)tare_fault_fired() == 9);
    }
    check_clean();
    CHECK_EQUAL(result.allocations, 9);
    CHECK_EQUAL(result.stacks, 3);
    CHECK_EQUAL(result.points, 3);
    CHECK_EQUAL(result.left_out, 0);
    CHECK_EQUAL(result.apart, 0);
    CHECK_EQUAL(result.runs, 6);
    CHECK_EQUAL(shared->runs, 1 + 6 + 1);
    CHECK_EQUAL(shared->fired, 3 + 9 + 5 + 2);
}

static void check_allocations(tare_fault_isolation isolation)
{
    start();
    tare_fault_sweep(.result = &result, .points = TARE_FAULT_ALLOCATIONS, .isolation = isolation)
    {
        nine();
        note_run();
    }
    check_clean();
    CHECK_EQUAL(result.stacks, 3);
    CHECK_EQUAL(result.points, 9);
    CHECK_EQUAL(result.runs, 18);
    CHECK_EQUAL(shared->runs, 20);
    CHECK_EQUAL(shared->fired, 9 + 45);
}

static void check_modes(tare_fault_isolation isolation)
{
    start();
    tare_fault_sweep(.result = &result, .mode = TARE_FAULT_ONCE, .isolation = isolation)
    {
        nine();
        note_run();
    }
    check_clean();
    CHECK(result.runs == 3 && shared->fired == 3);
    start();
    tare_fault_sweep(.result = &result, .mode = TARE_FAULT_FROM_THERE_ON, .isolation = isolation)
    {
        nine();
        note_run();
    }
    check_clean();
    CHECK(result.runs == 3 && shared->fired == 9 + 5 + 2);
    start();
    tare_fault_sweep(.result = &result, .mode = TARE_FAULT_ONCE, .in_a_row = 3, .isolation = isolation)
    {
        nine();
        note_run();
    }
    check_clean();
    CHECK(result.runs == 3 && shared->fired == 3 + 3 + 2);
}

static void check_sizes(void)
{
    start();
    tare_fault_sweep(.result = &result, .size_low = 20, .size_high = 29) note_run(), nine();
    check_clean();
    CHECK(result.allocations == 3 && result.points == 1 && result.runs == 2);
}

/* Evenly: of 9 the 1st, 3rd, 5th and 7th. */
static void check_limit(void)
{
    start();
    tare_fault_sweep(.result = &result, .points = TARE_FAULT_ALLOCATIONS, .mode = TARE_FAULT_ONCE, .limit = 4)
    {
        for (unsigned i = 0; i < 9; i++) {
            void *block = malloc(8);
            shared->sizes[i] += block == NULL;
            free(block);
        }
    }
    check_clean();
    CHECK(result.points == 4 && result.left_out == 5 && result.runs == 4);
    static const unsigned expected[9] = {1, 0, 1, 0, 1, 0, 1, 0, 0};
    for (unsigned i = 0; i < 9; i++)
        CHECK_EQUAL(shared->sizes[i], expected[i]);
    start();
    tare_fault_sweep(.result = &result, .limit = 100) nine();
    check_clean();
    CHECK(result.points == 3 && result.left_out == 0);
}

static void *nine_in_thread(void *unused)
{
    (void)unused;
    nine();
    return NULL;
}

static void check_domain(tare_domain domain, uint64_t allocations)
{
    start();
    tare_fault_sweep(.result = &result, .domain = domain)
    {
        pthread_t thread;
        free(malloc(1));
        if (pthread_create(&thread, NULL, nine_in_thread, NULL) == 0)
            pthread_join(thread, NULL);
    }
    check_clean();
    CHECK_EQUAL(result.allocations, allocations);
}

/* What the block does is done, by the run in this process; that of the children is not. */
static void check_effects(void)
{
    int effects = 0;
    pid_t here = getpid(), there = 0;
    start();
    tare_fault_sweep(.result = &result)
    {
        effects++;
        there = getpid();
        nine();
    }
    check_clean();
    CHECK_EQUAL(effects, 1);
    CHECK_EQUAL(there, here);
    int status;
    CHECK(waitpid(-1, &status, WNOHANG) < 0 && errno == ECHILD);
}

/* Each run finds files at the same place, and this process moves on only once. */
static void check_offsets(void)
{
    char bytes[4];
    int file = open("/proc/self/exe", O_RDONLY);
    start();
    tare_fault_sweep(.result = &result)
    {
        tare_fault_check(read(file, bytes, sizeof bytes) == 4 && memcmp(bytes, "\177ELF", 4) == 0);
        nine();
    }
    check_clean();
    CHECK_EQUAL(lseek(file, 0, SEEK_CUR), 4);
    close(file);
}

/* ---- How a block is left ------------------------------------------------------- */

static int leave_by_return(void)
{
    tare_fault_sweep(.result = &result)
    {
        void *one = malloc(1);
        if (one == NULL)
            return -1;
        void *other = malloc(2);
        free(one);
        if (other == NULL)
            return -1;
        free(other);
        return 0;
    }
    return 1;
}

static void check_left(void)
{
    start();
    CHECK_EQUAL(leave_by_return(), 0);
    check_clean();
    CHECK_EQUAL(result.runs, 4);
    start();
    tare_fault_sweep(.result = &result)
    {
        nine();
        break;
    }
    check_clean();
    CHECK_EQUAL(result.runs, 6);
    start();
    tare_fault_sweep(.result = &result)
    {
        nine();
        goto out;
    }
    CHECK(false);
out:
    check_clean();
    CHECK_EQUAL(result.runs, 6);
}

static jmp_buf away;

/* A child that jumps away does not go on as the test. */
static void check_jump(void)
{
    start();
    tare_fault_sweep(.result = &result, .mode = TARE_FAULT_ONCE)
    {
        if (setjmp(away) == 0 && nine() != 9)
            longjmp(away, 1);
    }
    check_clean();
    CHECK_EQUAL(result.runs, 3);
}

/* ---- Verdicts ------------------------------------------------------------------ */

__attribute__((noinline)) static int crash_if_null(volatile char *block)
{
    *block = 1;
    free((void *)block);
    return 0;
}

static void check_verdicts(void)
{
    start();
    tare_fault_sweep(.result = &result, .mode = TARE_FAULT_ONCE, .timeout_ms = 200, .name = "five")
    {
        crash_if_null(malloc(1));
        void *block = malloc(2);
        if (block == NULL)
            _exit(7);
        free(block);
        block = malloc(3);
        while (block == NULL)
            pause();
        free(block);
        tare_fault_succeeded((block = malloc(4)) != NULL || tare_fault_fired() != 0);
        free(block);
        block = malloc(5);
        void *leak = block == NULL ? malloc(50) : NULL;
        tare_fault_check(block != NULL || leak != NULL);
        free(block);
        free(malloc(6));
    }
    CHECK_EQUAL(result.points, 6);
    CHECK_EQUAL(result.crashed, 1);
    CHECK_EQUAL(result.failed, 1);
    CHECK_EQUAL(result.hung, 1);
    CHECK_EQUAL(result.wrong_success, 1);
    CHECK_EQUAL(result.leaked, 1);
    CHECK_EQUAL(result.passed, 1);
    check_told(0, "fault sweep failed: five");
    CHECK_CONTAINS(caught.message, "6 points of 6 allocations from 6 call stacks; 6 runs: 1 passed, 1 crashed, 1 hung, "
                                   "1 leaked, 1 wrong success, 1 failed");
    CHECK_CONTAINS(caught.message, "once: crashed by SIGSEGV\n    #0 crash_if_null at ");
    CHECK_CONTAINS(caught.message, "ended the process with status 7");
    CHECK_CONTAINS(caught.message, "once: leaked 50 bytes in 1 block");
    CHECK_CONTAINS(caught.message, "once: wrong success: ");
}

/* What can be seen without a process for each run. */
static void check_in_process(void)
{
    void *leaks[8];
    unsigned count = 0, runs = 0;
    start();
    tare_fault_sweep(.result = &result, .mode = TARE_FAULT_ONCE, .isolation = TARE_FAULT_IN_PROCESS)
    {
        void *block = malloc(1);
        if (block == NULL)
            leaks[count++] = malloc(70);
        free(block);
        block = malloc(2);
        tare_fault_succeeded(block != NULL || runs < 100);
        free(block);
        block = malloc(3);
        tare_fault_check(block != NULL);
        free(block);
        if (runs++ == 0)
            take(300, 1);
    }
    CHECK_EQUAL(result.runs, 4);
    CHECK_EQUAL(result.leaked, 0); /* of that run the success is judged first */
    CHECK_EQUAL(result.wrong_success, 2);
    CHECK_EQUAL(result.failed, 1);
    CHECK_EQUAL(result.not_reached, 1);
    CHECK_EQUAL(runs, 6);
    CHECK_EQUAL(count, 1);
    free(leaks[0]);
    check_told(0, "wrong success");
    start();
    tare_fault_sweep(.result = &result, .mode = TARE_FAULT_ONCE, .isolation = TARE_FAULT_IN_PROCESS)
    {
        void *block = malloc(1);
        if (block == NULL)
            leaks[0] = malloc(70);
        free(block);
    }
    CHECK_EQUAL(result.leaked, 1);
    check_told(0, "leaked 70 bytes in 1 block");
    free(leaks[0]);
}

/* A sweep in a run of another, which goes on being one. */
static void check_nested(void)
{
    start();
    tare_fault_sweep(.result = &result, .mode = TARE_FAULT_ONCE, .name = "outer")
    {
        take(1, 1);
        tare_fault_sweep(.mode = TARE_FAULT_ONCE, .name = "inner") note_run(), take(2, 2);
        tare_fault_check(tare_fault_fired() == 0);
    }
    CHECK_EQUAL(result.points, 2);
    CHECK_EQUAL(result.failed, 2);
    CHECK_EQUAL(shared->runs, 4 * 3);
    check_told(0, "tare_fault_fired() == 0");
}

static void check_leaks_allowed(void)
{
    void *kept = NULL;
    start();
    tare_fault_sweep(.result = &result, .leaks_allowed = true)
    {
        kept = malloc(1);
        void *other = malloc(2);
        if (other != NULL)
            free(kept), kept = NULL;
        free(other);
    }
    check_clean();
    start();
    tare_fault_sweep(.result = &result) /* the unharmed run leaves as much: none is a leak */
    {
        kept = malloc(1);
        free(malloc(2));
    }
    check_clean();
    free(kept);
}

/* ---- Errors -------------------------------------------------------------------- */

static void check_unsteady(void)
{
    start();
    tare_fault_sweep(.result = &result, .mode = TARE_FAULT_ONCE)
    {
        if (shared->runs++ == 0)
            take(100, 1);
        take(200, 1);
    }
    CHECK(result.not_reached == 1 && result.passed == 1);
    check_told(TARE_ERROR_UNSTEADY, "not reached");
}

static void check_errors(void)
{
    unsigned runs = 0;
    start();
    tare_fault_sweep(.result = &result) runs++;
    check_told(TARE_ERROR_NO_POINTS, "makes no allocation");
    tare_fault_sweep(.size_low = 2, .size_high = 1) runs++;
    check_told(TARE_ERROR_BAD_FAULT, "tare_fault_sweep");
    tare_fault_sweep(.domain = (tare_domain)77)
    {
        runs++;
        nine();
    }
    check_told(TARE_ERROR_BAD_DOMAIN, "domain");
    tare_fault_sweep(.isolation = TARE_FAULT_IN_PROCESS, .domain = (tare_domain)77) runs++;
    check_told(TARE_ERROR_BAD_DOMAIN, "domain");
    CHECK_EQUAL(runs, 4);
    tare_fault_sweep()
    {
        nine();
        tare_fault_check(getpid() == getppid());
    }
    told++; /* SPOILED; and then this process comes there */
    check_told(0, "check failed: getpid() == getppid()");
    start();
    tare_fault_sweep(.isolation = TARE_FAULT_IN_PROCESS)
    {
        if (nine() != 9)
            break;
    }
    check_told(TARE_ERROR_LEFT_EARLY, "not whole");
}

static pid_t test;

static void check_spoiled(void)
{
    start();
    tare_fault_sweep()
    {
        nine();
        if (getpid() != test)
            abort();
    }
    check_told(TARE_ERROR_SPOILED, "it crashed by SIGABRT");
}

/* ---- Surroundings --------------------------------------------------------------- */

static volatile int children_ended;

static void child_ended(int number)
{
    (void)number;
    children_ended++;
    waitpid(-1, NULL, WNOHANG);
}

/* A handler of SIGCHLD sees nothing of the runs; nor does a process that ignores them lose them. */
static void check_signals(void)
{
    signal(SIGCHLD, child_ended);
    start();
    tare_fault_sweep(.result = &result) nine();
    check_clean();
    CHECK_EQUAL(result.runs, 6);
    CHECK_EQUAL(children_ended, 0);
    signal(SIGCHLD, SIG_IGN);
    start();
    tare_fault_sweep(.result = &result) nine();
    check_clean();
    CHECK(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
}

int main(void)
{
    test = getpid();
    catch_failures();
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    for (int isolation = TARE_FAULT_BY_FORK; isolation <= TARE_FAULT_IN_PROCESS; isolation++) {
        check_stacks((tare_fault_isolation)isolation);
        check_allocations((tare_fault_isolation)isolation);
        check_modes((tare_fault_isolation)isolation);
    }
    check_sizes();
    check_limit();
    check_domain(TARE_THREAD, 1);
    check_domain(TARE_FAMILY, 10);
    check_domain(TARE_PROCESS, 10);
    check_effects();
    check_offsets();
    check_left();
    check_jump();
    check_verdicts();
    check_in_process();
    check_nested();
    check_leaks_allowed();
    check_unsteady();
    check_errors();
    check_spoiled();
    check_signals();
    return 0;
}
