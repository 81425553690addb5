/* SPDX-License-Identifier: MIT */
/* Families: the thread that opened a scope and all that it started, directly or
 * not. A thread is attached by its parent before it exists, so that it is
 * counted from its first call, and waited for from the moment it is asked for. */
#include "scope_parts.h"

static bool is_family(const struct tare__attachment *at)
{
    return !at->over && at->scope->domain == TARE_FAMILY;
}

static bool has_family(const struct tare__thread *thread)
{
    for (const struct tare__attachment *at = thread->attachments; at != NULL; at = at->next_of_thread)
        if (is_family(at))
            return true;
    return false;
}

static void adopt(const struct tare__thread *parent, struct tare__thread *child)
{
    for (const struct tare__attachment *at = parent->attachments; at != NULL; at = at->next_of_thread)
        if (is_family(at) && tare__attach(child, at->scope) == NULL)
            at->scope->inexact |= TARE_INEXACT_LOST;
}

struct tare__thread *tare__family_prepare(struct tare__thread *mine)
{
    struct tare__thread *child = NULL;
    tare__lock_acquire(&tare__registry_lock);
    if (has_family(mine)) {
        child = tare__thread_prepare();
        if (child != NULL)
            adopt(mine, child);
    }
    tare__lock_release(&tare__registry_lock);
    return child;
}

void tare__family_changed(struct tare__scope *scope)
{
    if (scope->domain != TARE_FAMILY)
        return;
    __atomic_add_fetch(&scope->changes, 1, __ATOMIC_RELEASE);
    tare__os_futex_wake(&scope->changes, INT32_MAX);
}

/* The newest family that this thread opened itself. */
static struct tare__scope *newest_family(const struct tare__thread *mine)
{
    for (const struct tare__attachment *at = mine->attachments; at != NULL; at = at->next_of_thread)
        if (is_family(at) && at->scope->owner == mine)
            return at->scope;
    return NULL;
}

/* TARE_ERROR_TIMEOUT where there is something to wait for yet. */
static int look(const struct tare__thread *mine, const struct tare__scope *scope)
{
    if (scope == NULL || scope->state != TARE__SCOPE_OPEN)
        return TARE_ERROR_NOT_OPEN;
    if (scope->domain != TARE_FAMILY)
        return TARE_ERROR_WRONG_DOMAIN;
    bool alone = true;
    for (const struct tare__attachment *at = scope->attachments; at != NULL; at = at->next_of_scope) {
        if (at->thread == scope->owner)
            continue;
        if (at->thread == mine)
            return TARE_ERROR_WRONG_THREAD;
        alone = false;
    }
    return alone ? 0 : TARE_ERROR_TIMEOUT;
}

/* Looks once. *handle becomes that of the newest family where it is NULL. */
static int look_once(tare_scope **handle, struct tare__scope **scope, uint32_t *changes)
{
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL)
        return TARE_ERROR_BUSY;
    tare__lock_acquire(&tare__registry_lock);
    *scope = *handle != NULL ? tare__scope_of(*handle) : newest_family(mine);
    int error = look(mine, *scope);
    if (*scope != NULL) {
        *handle = tare__scope_handle(*scope);
        *changes = TARE__LOAD((*scope)->changes);
    }
    tare__lock_release(&tare__registry_lock);
    tare__thread_done(mine);
    return error;
}

int tare__family_join(tare_scope *handle, int timeout_ms)
{
    uint64_t deadline_ns = timeout_ms < 0 ? UINT64_MAX : tare__os_clock_ns() + (uint64_t)timeout_ms * 1000000u;
    for (;;) {
        struct tare__scope *scope;
        uint32_t changes = 0;
        int error = look_once(&handle, &scope, &changes);
        if (error != TARE_ERROR_TIMEOUT || (timeout_ms >= 0 && tare__os_clock_ns() >= deadline_ns))
            return error;
        if (timeout_ms < 0)
            tare__os_futex_wait(&scope->changes, changes);
        else
            tare__os_futex_wait_until(&scope->changes, changes, deadline_ns);
    }
}
