/* SPDX-License-Identifier: MIT */
/* Options from a table: parsing, the help text and what is said of an unknown
 * one all come from the same lines. */
#ifndef TARE__OPTIONS_H
#define TARE__OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct tare__option {
    char letter;          /* 0 for none */
    const char *name;     /* without the dashes */
    const char *argument; /* what stands behind it, for the help; NULL for a switch */
    const char *meaning;
    /* value is NULL for a switch. Returns 0 or an exit status, having complained. */
    int (*take)(void *context, const char *value);
};

struct tare__option_table {
    const char *command;
    const char *usage; /* behind the command's name */
    const struct tare__option *options;
    size_t count;
    bool mixed; /* options may stand behind what is none */
};

/*
 * Takes the options before the first argument that is none, or before "--". Where
 * they are mixed with what is none, that is moved behind them. Returns 0, with *rest
 * the index of the first argument behind them, or an exit status. --help is every table's own option to take.
 */
int tare__options_parse(const struct tare__option_table *table, int count, char **arguments, void *context, int *rest);

/* On stdout. */
void tare__options_help(const struct tare__option_table *table);

#endif
