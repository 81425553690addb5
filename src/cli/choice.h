/* SPDX-License-Identifier: MIT */
/* Options that several commands have, each taken the same way. Every function returns
 * 0, or the exit status once it has complained. */
#ifndef TARE__CHOICE_H
#define TARE__CHOICE_H

#include "read.h"
#include "report.h"
#include "suppression.h"

/* "run: --sort" and its value: what a message is about. */
struct tare__choice {
    const char *command;
    const char *option;
    const char *value;
};

int tare__choose_metric(const struct tare__choice *choice, const struct tare__metric **metric);
int tare__choose_format(const struct tare__choice *choice, const struct tare__format **format);
/* Of those that are written from a profile. */
int tare__choose_profile_format(const struct tare__choice *choice, const struct tare__format **format);
int tare__choose_reader(const struct tare__choice *choice, const struct tare__profile_reader **reader);
/* Of those that tell a difference. */
int tare__choose_diff_format(const struct tare__choice *choice, const struct tare__format **format);

/* A number from 1 on, or "all", which is 0. */
int tare__choose_count(const struct tare__choice *choice, size_t *count);

/* 0 up to and with 100, with decimals. */
int tare__choose_percent(const struct tare__choice *choice, double *percent);

/* Adds those of a file, and of the one that TARE_SUPPRESSIONS names, if any. */
int tare__choose_suppressions(const struct tare__choice *choice, struct tare__suppressions *suppressions);
int tare__default_suppressions(const char *command, struct tare__suppressions *suppressions);

/* For --help. */
void tare__print_metrics(void);
void tare__print_profile_formats(void);

#endif
