/* SPDX-License-Identifier: MIT */
#ifndef TARE__STATS_H
#define TARE__STATS_H

#include <tare/tare.h>

#include "text.h"

/* Where the figures stand behind the names, in every text. */
#define TARE__STATISTIC_COLUMN 20

/* The result of measuring nothing: never 0. */
tare_stats tare__stats_not_attached(void);

/* The name of one inexact bit, as in TARE_INEXACT_<name>; NULL for none. */
const char *tare__inexact_name(uint32_t bit);

/* A line for each bit that is set. */
void tare__stats_add_inexact(struct tare__text *text, uint32_t inexact);

#endif
