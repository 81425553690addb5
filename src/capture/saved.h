/* SPDX-License-Identifier: MIT */
/* A scope by itself in a file, as a store of kind TARE__STORE_SCOPE: its figures,
 * its sites, and the frames and modules that those need. */
#ifndef TARE__SAVED_H
#define TARE__SAVED_H

#include "scope.h"

/* What is to be kept of a scope that closes. */
struct tare__keep {
    /* The path of the file to write, which must not exist: at first with error 0, and
     * again as long as it could not be written, with the errno value that says why.
     * NULL where none is wanted, or no other. Under the registry's lock: it must not
     * allocate, nor call the program. */
    const char *(*path)(const tare_stats *stats, int error, void *context);
    void *context;
    const char *source; /* where the scope's block stands; NULL for none */
    uint32_t line;
    int error; /* out: 0, an errno value that says why there is no file, or -1: not wanted */
};

/* Closes a scope and takes its figures, like tare__scope_take(). Of one that its
 * thread's end or a jump has ended there is nothing to keep: error is ENODATA. */
int tare__scope_take_keeping(tare_scope *handle, tare_stats *stats, const char **name, struct tare__keep *keep);

/* The same of one that stays open. 0 with keep->error, or an error of tare.h. */
int tare__scope_save(tare_scope *handle, struct tare__keep *keep);

/* Under the registry's lock: writes the scope's file, if that is wanted. */
struct tare__scope;
void tare__keep_scope(const struct tare__scope *scope, const tare_stats *stats, struct tare__keep *keep);

#endif
