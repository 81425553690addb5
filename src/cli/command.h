/* SPDX-License-Identifier: MIT */
/* What every command has in common: its line in the table, its exit statuses
 * and the way it complains. */
#ifndef TARE__COMMAND_H
#define TARE__COMMAND_H

struct tare__command {
    const char *name;
    const char *meaning;
    /* arguments[0] is the command's name. Returns the exit status. */
    int (*run)(int count, char **arguments);
};

extern const struct tare__command tare__commands[];
extern const int tare__command_count;

/* One file a command. */
int tare__command_run(int count, char **arguments);
int tare__command_report(int count, char **arguments);
int tare__command_diff(int count, char **arguments);
int tare__command_top(int count, char **arguments);
int tare__command_convert(int count, char **arguments);
int tare__command_merge(int count, char **arguments);
int tare__command_trace(int count, char **arguments);
int tare__command_oom(int count, char **arguments);

enum {
    TARE__EXIT_FINE = 0,
    TARE__EXIT_FAILED = 1, /* an expectation did not hold */
    TARE__EXIT_USAGE = 2,  /* tare was called the wrong way */
    TARE__EXIT_UNABLE = 3, /* tare could not do its work */
    TARE__EXIT_SIGNAL = 128,
};

/* "tare: " and the message on stderr; returns the exit status it is given, so
 * that a failing function is one line. */
__attribute__((format(printf, 2, 3))) int tare__complain(int status, const char *format, ...);

#endif
