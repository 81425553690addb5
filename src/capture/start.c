/* SPDX-License-Identifier: MIT */
/* Start-up: on the first call of any hook, which comes long before our own
 * constructor, and the constructor itself. */
#include "start.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>

#include "callstack.h"
#include "capture_store.h"
#include "environment.h"
#include "fault.h"
#include "fork.h"
#include "modules.h"
#include "real.h"
#include "scope.h"
#include "site.h"
#include "thread.h"
#include "unwinder.h"

#ifndef TARE__LINK_MODE
#define TARE__LINK_MODE "shared"
#endif

enum { NOT_YET, UNDER_WAY, DONE, FAILED };
static uint32_t state;
static pthread_key_t thread_key;
static bool have_thread_key;

bool tare__started(void)
{
    return __atomic_load_n(&state, __ATOMIC_ACQUIRE) == DONE;
}

static bool start(void)
{
    if (!tare__real_find() || !tare__threads_start())
        return false;
    tare__sites_start();
    tare__callstack_start();
    tare__store_start();
    tare__threads_start_late();
    struct tare__armed *armed = tare__fault_start();
    if (tare__store_recorded || armed != NULL)
        tare__scope_open_run(armed);
    /* Early, so that the key is among the first, which need no memory, and our
     * fork handler is the innermost. */
    have_thread_key = pthread_key_create(&thread_key, tare__thread_end) == 0;
    pthread_atfork(tare__fork_prepare, tare__fork_parent, tare__fork_child);
    return true;
}

bool tare__start(void)
{
    uint32_t expected = NOT_YET;
    if (!__atomic_compare_exchange_n(&state, &expected, UNDER_WAY, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
        return expected == DONE;
    int saved_errno = errno;
    bool started = start();
    errno = saved_errno;
    __atomic_store_n(&state, started ? DONE : FAILED, __ATOMIC_RELEASE);
    return started;
}

void tare__start_watch_thread(void *hot)
{
    if (have_thread_key)
        pthread_setspecific(thread_key, hot);
}

const char *tare__link_mode(void)
{
    return tare__environment_preloaded() ? "preload" : TARE__LINK_MODE;
}

/* From here on calls take the short way. */
__attribute__((constructor)) static void program_starts(void)
{
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL)
        return;
    tare__modules_start();
    tare__fault_program_starts();
    mine->hot->guard = TARE__GUARD_LIBC; /* in a static program libgcc sorts its tables at first use, by malloc */
    tare__unwind_start();
    mine->hot->guard = TARE__GUARD_OWN;
    tare__lock_acquire(&tare__registry_lock);
    tare__starting = false;
    tare__scope_restart_threads(NULL);
    tare__scope_sync(mine);
    tare__lock_release(&tare__registry_lock);
    tare__thread_done(mine);
}

/* Not a report: the store is read after the true end. */
__attribute__((destructor)) static void program_ends(void)
{
    if (!tare__started())
        return;
    tare__fault_program_ends();
    tare__modules_look();
    tare__store_mark_inexact(tare__modules_inexact());
}
