/* SPDX-License-Identifier: MIT */
/* The formats of a run's summary, for the table in report.c alone. */
#ifndef TARE__SUMMARY_H
#define TARE__SUMMARY_H

#include <stdio.h>

#include "snapshot.h"

int tare__summary_text(const struct tare__snapshot *snapshot, FILE *out);
int tare__summary_json(const struct tare__snapshot *snapshot, FILE *out);

#endif
