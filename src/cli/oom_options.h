/* SPDX-License-Identifier: MIT */
/* The command line of `tare oom`. */
#ifndef TARE__OOM_OPTIONS_H
#define TARE__OOM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A point that was named, and how it is to fail. */
struct tare__oom_target {
    uint64_t id; /* 0 for none */
    bool by_ordinal;
    int mode; /* enum tare__fault_mode */
};

struct tare__oom_options {
    size_t jobs;
    bool by_ordinal;
    bool everywhere;
    bool from_start;
    unsigned modes;       /* a bit for each of enum tare__fault_mode */
    uint64_t timeout_ms;  /* 0: made from how long the unharmed run takes */
    size_t limit;         /* 0 for none */
    size_t shard, shards; /* from 1; shards 1 for all */
    bool must_fail, may_abort, leaks;
    bool show_output;
    bool list_all;

    struct tare__oom_target replay, debug;
    const char *resume_path;
    bool json;
    const char *output_path, *junit_path;

    char **arguments; /* the program and its own; NULL after --help */
};

/* Returns 0, or the exit status once it has complained. */
int tare__oom_options_parse(struct tare__oom_options *options, int count, char **arguments);
int tare__oom_help(void);

#endif
