/* SPDX-License-Identifier: MIT */
/* The formats of profiles, for the table in report.c alone; docs/profiles.md says what each holds. */
#ifndef TARE__FORMATS_H
#define TARE__FORMATS_H

#include "profile.h"
#include "report.h"

int tare__format_folded(const struct tare__profile *profile, const struct tare__report_options *options, FILE *out);
int tare__format_svg(const struct tare__profile *profile, const struct tare__report_options *options, FILE *out);
int tare__format_pprof(const struct tare__profile *profile, const struct tare__report_options *options, FILE *out);

#endif
