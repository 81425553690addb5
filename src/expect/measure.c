/* SPDX-License-Identifier: MIT */
/* The measuring functions of tare.h: scope.c does the work, this says what went
 * wrong. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "failure.h"
#include "options.h"
#include "saved.h"
#include "scope.h"
#include "start.h"
#include "stats.h"

#define TEXT_OF_EXPANDED(x) #x
#define TEXT_OF(x) TEXT_OF_EXPANDED(x)

bool tare_is_attached(void)
{
    return tare__scope_canary();
}

const char *tare_link_mode(void)
{
    return tare__link_mode();
}

const char *tare_version(void)
{
    return TEXT_OF(TARE_VERSION_MAJOR) "." TEXT_OF(TARE_VERSION_MINOR) "." TEXT_OF(TARE_VERSION_PATCH);
}

static const struct tare__place not_a_block = {0, 0};

tare_scope *tare_open_with(const tare_options *options)
{
    int error = TARE_ERROR_NULL_ARGUMENT;
    tare_scope *scope = options != NULL ? tare__scope_open(options, not_a_block, &error) : NULL;
    if (scope == NULL)
        tare__fail_error(error, "tare_open", options != NULL ? options->name : NULL, NULL);
    return scope;
}

static int take(tare_scope *scope, enum tare__take how, tare_stats *stats, const char *function)
{
    const char *name = NULL;
    int error = scope == NULL || (how == TARE__READ && stats == NULL) ? (int)TARE_ERROR_NULL_ARGUMENT
                                                                      : tare__scope_take(scope, how, stats, &name);
    return error == 0 ? 0 : tare__fail_error(error, function, name, NULL);
}

int tare_read(tare_scope *scope, tare_stats *stats)
{
    return take(scope, TARE__READ, stats, "tare_read");
}

int tare_reset(tare_scope *scope, tare_stats *stats)
{
    return take(scope, TARE__RESET, stats, "tare_reset");
}

int tare_close(tare_scope *scope, tare_stats *stats)
{
    return take(scope, TARE__CLOSE, stats, "tare_close");
}

static const char *path_once(const tare_stats *stats, int error, void *context)
{
    (void)stats;
    return error == 0 ? context : NULL;
}

static int fail_to_save(tare_scope *scope, const char *path, int reason)
{
    char details[TARE__MESSAGE_BYTES / 2];
    struct tare__text text = tare__text_in(details, sizeof details);
    tare__text_add(&text, "  ");
    tare__text_add(&text, path);
    tare__text_add(&text, ": ");
    tare__text_add(&text, strerrordesc_np(reason));
    tare__text_add(&text, "\n");
    int error = tare__fail_error_detailed(TARE_ERROR_CANT_SAVE, "tare_save", tare__scope_name(scope), NULL, details);
    errno = reason;
    return error;
}

int tare_save(tare_scope *scope, const char *path)
{
    struct tare__keep keep = {.path = path_once, .context = (void *)(uintptr_t)path};
    int error = scope != NULL && path != NULL ? tare__scope_save(scope, &keep) : (int)TARE_ERROR_NULL_ARGUMENT;
    if (error != 0)
        return tare__fail_error(error, "tare_save", scope != NULL ? tare__scope_name(scope) : NULL, NULL);
    return keep.error == 0 ? 0 : fail_to_save(scope, path, keep.error);
}

int tare_join_family(tare_scope *scope, int timeout_ms)
{
    int error = tare__family_join(scope, timeout_ms);
    return error == 0 ? 0 : tare__fail_error(error, "tare_join_family", tare__scope_name(scope), NULL);
}

int tare_task_enter(tare_scope *scope)
{
    uint32_t before;
    int error = scope != NULL ? tare__task_enter(scope, not_a_block, &before) : (int)TARE_ERROR_NULL_ARGUMENT;
    return error == 0 ? 0 : tare__fail_error(error, "tare_task_enter", tare__scope_name(scope), NULL);
}

int tare_task_leave(tare_scope *scope)
{
    int error = scope != NULL ? tare__task_leave(scope) : (int)TARE_ERROR_NULL_ARGUMENT;
    return error == 0 ? 0 : tare__fail_error(error, "tare_task_leave", tare__scope_name(scope), NULL);
}

void tare_task_begin_(tare_task_block_ *block, tare_scope *scope, tare_here_ here)
{
    *block = (tare_task_block_){.scope = scope, .here = here, .running = true};
    const struct tare__place place = {(uintptr_t)block, TARE__FRAME};
    int error = scope != NULL ? tare__task_enter(scope, place, &block->before) : (int)TARE_ERROR_NULL_ARGUMENT;
    if (error == 0)
        return;
    block->scope = NULL;
    tare__fail_error(error, "tare_in_task", tare__scope_name(scope), &here);
}

void tare_task_end_(tare_task_block_ *block)
{
    int error = block->scope != NULL ? tare__task_leave_block(block->scope, block->before) : 0;
    if (error != 0)
        tare__fail_error(error, "tare_in_task", tare__scope_name(block->scope), &block->here);
}

void tare_task_end_quietly_(tare_task_block_ *block)
{
    if (block->scope != NULL)
        tare__task_leave_block(block->scope, block->before);
}

tare_stats tare_measured(void (*function)(void *argument), void *argument)
{
    tare_stats stats = tare__stats_not_attached();
    if (function == NULL) {
        tare__fail_error(TARE_ERROR_NULL_ARGUMENT, "tare_measured", NULL, NULL);
        return stats;
    }
    tare_scope *scope = tare_open_with(&(tare_options){.name = "tare_measured"});
    function(argument);
    if (scope != NULL)
        tare_close(scope, &stats);
    return stats;
}

void tare_measure_begin_(tare_measure_block_ *block, const tare_measurement_ *measurement, tare_here_ here)
{
    *block = (tare_measure_block_){.stats = measurement->stats, .here = here, .running = true};
    int error = TARE_ERROR_NULL_ARGUMENT;
    if (measurement->stats != NULL) {
        *measurement->stats = tare__stats_not_attached();
        const tare_options options = TARE__OPTIONS_OF(measurement);
        const struct tare__place place = {(uintptr_t)block, TARE__FRAME};
        block->scope = tare__scope_open(&options, place, &error);
    }
    if (block->scope == NULL)
        tare__fail_error(error, "tare_measure", measurement->name, &here);
}

void tare_measure_end_(tare_measure_block_ *block)
{
    if (block->scope == NULL)
        return;
    const char *name = NULL;
    int error = tare__scope_take(block->scope, TARE__CLOSE, block->stats, &name);
    if (error != 0)
        tare__fail_error(error, "tare_measure", name, &block->here);
}

void tare_measure_end_quietly_(tare_measure_block_ *block)
{
    if (block->scope != NULL)
        tare__scope_take(block->scope, TARE__CLOSE, block->stats, NULL);
}
