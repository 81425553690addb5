/* SPDX-License-Identifier: MIT */
/* The formats of profiles, for the table in report.c alone; docs/profiles.md says what each holds. */
#ifndef TARE__FORMATS_H
#define TARE__FORMATS_H

#include "profile.h"
#include "report.h"

#define TARE__PROFILE_FORMAT(name)                                                                                     \
    int tare__format_##name(const struct tare__profile *profile, const struct tare__report_options *options, FILE *out)

TARE__PROFILE_FORMAT(folded);
TARE__PROFILE_FORMAT(svg);
TARE__PROFILE_FORMAT(pprof);
TARE__PROFILE_FORMAT(speedscope);
TARE__PROFILE_FORMAT(dhat);
TARE__PROFILE_FORMAT(heaptrack);
TARE__PROFILE_FORMAT(chrome);
TARE__PROFILE_FORMAT(html);

const char *tare__dhat_lacks(const struct tare__profile *profile);
const char *tare__heaptrack_lacks(const struct tare__profile *profile);
const char *tare__chrome_lacks(const struct tare__profile *profile);

#endif
