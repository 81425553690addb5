/* SPDX-License-Identifier: MIT */
/* An event of the kernel's at a probe, for perf to listen to: made in tracefs, under
 * a name of its own, and removed again. */
#ifndef TARE__UPROBE_H
#define TARE__UPROBE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct tare__uprobe {
    char control[PATH_MAX]; /* the kernel's list of them, in tracefs */
    char group[64];         /* "trace_4242_tare" */
    char name[64];          /* "alloc" */
    bool exists;
};

/* Whether there can be any: 0, or an errno, with the reason in words. */
int tare__uprobe_check(struct tare__uprobe *uprobe, char *reason, size_t size);

/* At the probe ("tare:alloc") of the file, with its arguments as arg1, arg2 ... The
 * same; ENOENT where the file has no such probe. */
int tare__uprobe_add(struct tare__uprobe *uprobe, const char *file, const char *probe, char *reason, size_t size);

/* 0 or an errno. May be called twice. */
int tare__uprobe_remove(struct tare__uprobe *uprobe);

#endif
