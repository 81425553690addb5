/* SPDX-License-Identifier: MIT */
/* What can be asked of a snapshot that is not one of its fields. */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "string_pool.h"

const char *tare__process_argument(const struct tare__process *process, const char *before)
{
    const char *next = before == NULL ? process->command : before + strlen(before) + 1;
    return next < process->command + process->command_bytes ? next : NULL;
}

uint64_t tare__snapshot_children_lost(const struct tare__snapshot *snapshot)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < snapshot->process_count; i++)
        lost += snapshot->processes[i].children_lost;
    return lost;
}

void tare__origins_free(struct tare__origins *origins)
{
    free(origins->modules);
    free(origins->frames);
    free(origins->sites);
    free(origins->places);
    free(origins->points);
    tare__strings_free(origins->strings);
    *origins = (struct tare__origins){0};
}

void tare__snapshot_free(struct tare__snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->process_count; i++)
        tare__origins_free(&snapshot->processes[i].origins);
    free(snapshot->processes);
    snapshot->processes = NULL;
    snapshot->process_count = 0;
}
