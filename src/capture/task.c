/* SPDX-License-Identifier: MIT */
/* Tasks: scopes that a thread is attached to only while it is inside. */
#include "scope_parts.h"

void tare__task_back_to(struct tare__attachment *attachment, uint32_t entered)
{
    struct tare__thread *thread = attachment->thread;
    attachment->entered = entered;
    if (entered <= attachment->entered_before)
        attachment->place = (struct tare__place){0, 0};
    if (entered != 0)
        return;
    tare__detach(attachment);
    tare__refresh(thread);
}

static int enter(struct tare__thread *mine, tare_scope *handle, struct tare__place place, uint32_t *before)
{
    struct tare__scope *scope = tare__scope_of(handle);
    if (scope == NULL || scope->state != TARE__SCOPE_OPEN)
        return TARE_ERROR_NOT_OPEN;
    if (scope->domain != TARE_TASK)
        return TARE_ERROR_WRONG_DOMAIN;
    struct tare__attachment *at = tare__attachment_of(mine, scope);
    if (at == NULL) {
        at = tare__attach(mine, scope);
        if (at == NULL)
            return TARE_ERROR_NO_MEMORY;
        tare__refresh(mine);
    }
    *before = at->entered++;
    if (place.block != 0 && at->place.block == 0) {
        at->place = place;
        at->entered_before = *before;
    }
    return 0;
}

int tare__task_enter(tare_scope *handle, struct tare__place place, uint32_t *before)
{
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL)
        return TARE_ERROR_BUSY;
    tare__lock_acquire(&tare__registry_lock);
    tare__scope_leave_abandoned(mine, place);
    int error = enter(mine, handle, place, before);
    tare__lock_release(&tare__registry_lock);
    tare__thread_done(mine);
    return error;
}

/* before: how often the thread shall be inside afterwards; NULL for once less. */
static int leave(struct tare__thread *mine, tare_scope *handle, const uint32_t *before)
{
    const struct tare__scope *scope = tare__scope_of(handle);
    if (scope == NULL)
        return TARE_ERROR_NOT_OPEN;
    if (scope->domain != TARE_TASK)
        return TARE_ERROR_WRONG_DOMAIN;
    struct tare__attachment *at = tare__attachment_of(mine, scope);
    if (at == NULL || at->entered == 0 || (before != NULL && *before >= at->entered)) {
        bool taken_for_left = before != NULL && (scope->inexact & TARE_INEXACT_ABANDONED) != 0;
        return taken_for_left ? 0 : TARE_ERROR_NOT_ENTERED;
    }
    tare__task_back_to(at, before != NULL ? *before : at->entered - 1);
    return 0;
}

static int leave_locked(tare_scope *handle, const uint32_t *before)
{
    struct tare__thread *mine = tare__thread_mine();
    if (mine == NULL)
        return TARE_ERROR_BUSY;
    tare__lock_acquire(&tare__registry_lock);
    int error = leave(mine, handle, before);
    tare__lock_release(&tare__registry_lock);
    tare__thread_done(mine);
    return error;
}

int tare__task_leave(tare_scope *handle)
{
    return leave_locked(handle, NULL);
}

int tare__task_leave_block(tare_scope *handle, uint32_t before)
{
    return leave_locked(handle, &before);
}
