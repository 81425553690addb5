/* SPDX-License-Identifier: MIT */
/* Where a process's allocations came from, as JSON. */
#ifndef TARE__SITES_JSON_H
#define TARE__SITES_JSON_H

#include "json.h"
#include "report.h"

/* Sets the keys that concern sites on a process's object: all, or those of the options. */
void tare__json_set_origins(struct tare__json *json, json_t *object, const struct tare__process *process,
                            const struct tare__report_options *options);

/* One stack: every frame, the innermost first, and which of them text would hide. */
json_t *tare__json_stack(struct tare__json *json, const struct tare__origins *origins, uint32_t stack);

#endif
