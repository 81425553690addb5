/* SPDX-License-Identifier: MIT */
/* The formats of a run's summary, for the table in report.c alone. */
#ifndef TARE__SUMMARY_H
#define TARE__SUMMARY_H

#include <stdio.h>

#include "report.h"

int tare__summary_text(const struct tare__snapshot *snapshot, const struct tare__report_options *options, FILE *out);
int tare__summary_json(const struct tare__snapshot *snapshot, const struct tare__report_options *options, FILE *out);

/* What makes the main process's figures inexact or incomplete, in a line each; nothing where
 * nothing does. */
void tare__report_doubts(const struct tare__snapshot *snapshot, FILE *out);

/* The call tree of one metric, for the text. */
int tare__tree_text(const struct tare__process *process, const struct tare__metric *metric, double prune, FILE *out);

#endif
