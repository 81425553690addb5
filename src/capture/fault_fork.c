/* SPDX-License-Identifier: MIT */
/*
 * The copy is made without a handler of fork() and without SIGCHLD, so the program does not learn
 * of it. Signals wait meanwhile. What the two share is the kernel's: where a descriptor's
 * offset is all that there is, it is put back; where there is more (a pipe, a
 * file that may be written to), or where a copy would lack something (other threads,
 * children to wait for), nothing is done, and the point says why it must be run from the start.
 */
#include "fault_fork.h"

#include <stddef.h>
#include <string.h>

#include "fault.h"
#include "fork.h"
#include "os.h"
#include "scope_parts.h"

/* ---- What is shared ---------------------------------------------------------- */

enum { KEPT_MAX = 1024, OUTPUTS = 2, INHERITED_MAX = 32 };

/* Of the one thread there is. */
static struct {
    struct tare__os_file outputs[OUTPUTS];         /* what 1 and 2 were at the start */
    struct tare__os_file inherited[INHERITED_MAX]; /* and all that was open then, but to be read by offset */
    uint32_t inherited_count, kept_count;
    struct {
        int descriptor;
        int64_t offset;
    } kept[KEPT_MAX];
    enum tare__fault_why why;
    unsigned threads;
} shared;

static bool is_among(int descriptor, const struct tare__os_file *files, uint32_t count)
{
    struct tare__os_file file = tare__os_file(descriptor);
    for (uint32_t i = 0; i < count; i++)
        if (file.number != 0 && file.number == files[i].number && file.device == files[i].device)
            return true;
    return false;
}

static bool is_output(int descriptor)
{
    return is_among(descriptor, shared.outputs, OUTPUTS);
}

/* Of these there is but one for all runs, however they are run. */
static bool is_inherited(int descriptor)
{
    return is_among(descriptor, shared.inherited, shared.inherited_count);
}

static void note_inherited(int descriptor, void *unused)
{
    (void)unused;
    int64_t offset;
    enum tare__os_sharing sharing = tare__os_sharing(descriptor, &offset);
    if (shared.inherited_count < INHERITED_MAX &&
        (sharing == TARE__OS_SHARES_STREAM || sharing == TARE__OS_SHARES_WRITTEN))
        shared.inherited[shared.inherited_count++] = tare__os_file(descriptor);
}

void tare__fault_fork_begins(void)
{
    for (int i = 0; i < OUTPUTS; i++)
        shared.outputs[i] = tare__os_file(i + 1);
    tare__os_descriptors(note_inherited, NULL);
}

static void look_at(int descriptor, void *unused)
{
    (void)unused;
    int64_t offset = 0;
    switch (tare__os_sharing(descriptor, &offset)) {
    case TARE__OS_SHARES_NOTHING:
        return;
    case TARE__OS_SHARES_OFFSET:
        if (shared.kept_count == KEPT_MAX) {
            shared.why = TARE__WHY_FILE;
            return;
        }
        shared.kept[shared.kept_count].descriptor = descriptor;
        shared.kept[shared.kept_count++].offset = offset;
        return;
    case TARE__OS_SHARES_WRITTEN:
        if (!is_inherited(descriptor))
            shared.why = TARE__WHY_FILE;
        return;
    case TARE__OS_SHARES_STREAM:
        if (!is_inherited(descriptor))
            shared.why = TARE__WHY_PIPE;
    }
}

static void put_back(void)
{
    for (uint32_t i = 0; i < shared.kept_count; i++)
        tare__os_seek(shared.kept[i].descriptor, shared.kept[i].offset);
}

/* Files that were given to be written to, too. Of pipes nobody knows what else they are for. */
static void silence(int descriptor, void *unused)
{
    (void)unused;
    int64_t offset;
    enum tare__os_sharing sharing = tare__os_sharing(descriptor, &offset);
    if ((sharing == TARE__OS_SHARES_STREAM && is_output(descriptor)) ||
        (sharing == TARE__OS_SHARES_WRITTEN && is_inherited(descriptor)))
        tare__os_silence(descriptor);
}

static void count_thread(int id, void *unused)
{
    (void)id;
    (void)unused;
    shared.threads++;
}

static enum tare__fault_why why_not(void)
{
    shared.kept_count = shared.threads = 0;
    shared.why = TARE__WHY_NONE;
    if (!tare__os_single_threaded() && (!tare__os_thread_ids(count_thread, NULL) || shared.threads != 1))
        return TARE__WHY_THREADS;
    if (tare__os_has_children())
        return TARE__WHY_FORKED;
    if (!tare__os_descriptors(look_at, NULL))
        return TARE__WHY_FILE;
    return shared.why;
}

/* ---- The copy ------------------------------------------------------------------ */

/* It has ordinals and failures of its own from here on, and the original does not see them. */
static void become_copy(struct tare__armed *armed, struct tare__fault_run *run, uint64_t ordinal, uint64_t in_a_row,
                        struct tare__hot *hot, uintptr_t guard)
{
    const size_t head_bytes = offsetof(struct tare__faults, modules);
    struct tare__faults *own = tare__os_map(head_bytes);
    if (own == NULL)
        tare__os_end(1);
    memcpy(own, armed->faults, head_bytes);
    own->plan.kind = TARE__FAULT_NTH;
    own->plan.target = ordinal;
    own->plan.in_a_row = in_a_row;
    armed->run = run;
    tare__fork_child();
    armed->faults = own;
    armed->owns = true;
    armed->pid = tare__process_pid;
    tare__lock_acquire(&tare__registry_lock);
    tare__refresh(hot->thread);
    tare__lock_release(&tare__registry_lock);
    TARE__STORE(hot->guard, guard);
    tare__os_descriptors(silence, NULL);
}

static void judge(struct tare__fault_run *run, bool ended, int status, uint64_t ms)
{
    enum tare__fault_verdict verdict = TARE__VERDICT_PASSED;
    if (!ended)
        verdict = TARE__VERDICT_HUNG;
    else if ((status & 0x7f) != 0) /* as of WIFSIGNALED */
        verdict = TARE__VERDICT_CRASHED;
    run->status = status;
    run->ms = (uint32_t)ms;
    __atomic_store_n(&run->verdict, verdict, __ATOMIC_RELEASE);
}

/* True in the copy. */
static bool run_copy(struct tare__armed *armed, struct tare__fault_run *run, uint64_t ordinal, uint64_t in_a_row,
                     struct tare__hot *hot)
{
    struct tare__os_copy copy;
    uintptr_t guard = hot->guard;
    uint64_t blocked = tare__os_block_signals(), start = tare__os_clock_ns();
    if (!tare__os_copy_process(&copy)) {
        run->why = TARE__WHY_FILE;
        __atomic_store_n(&run->verdict, TARE__VERDICT_FROM_START, __ATOMIC_RELEASE);
    } else if (copy.pid != 0) {
        int status = 0;
        bool ended = tare__os_copy_wait(&copy, armed->faults->plan.timeout_ms, &status);
        put_back();
        judge(run, ended, status, (tare__os_clock_ns() - start) / 1000000u);
    } else {
        become_copy(armed, run, ordinal, in_a_row, hot, guard);
        tare__os_restore_signals(blocked);
        return true;
    }
    tare__os_restore_signals(blocked);
    return false;
}

bool tare__fault_fork(struct tare__armed *armed, struct tare__fault_point *point, uint64_t ordinal,
                      struct tare__hot *hot)
{
    static const uint64_t in_a_row[TARE__FAULT_MODES] = {[TARE__FAULT_ONCE] = 1, [TARE__FAULT_FOREVER] = UINT64_MAX};
    if (point->wanted == 0)
        return false;
    enum tare__fault_why why = why_not();
    for (int mode = 0; mode < TARE__FAULT_MODES; mode++) {
        struct tare__fault_run *run = &point->runs[mode];
        if ((point->wanted >> mode & 1) == 0)
            continue;
        if (why == TARE__WHY_NONE) {
            if (run_copy(armed, run, ordinal, in_a_row[mode], hot))
                return true;
        } else {
            run->why = why;
            __atomic_store_n(&run->verdict, TARE__VERDICT_FROM_START, __ATOMIC_RELEASE);
        }
    }
    return false;
}
