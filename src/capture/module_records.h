/* SPDX-License-Identifier: MIT */
/*
 * Which loaded object an address is in, as a record in the pieces. A record is made
 * when a frame in the object is first met, without the loader's lock.
 *
 * What lies at an address now is told by its place and build ID (unwind_modules.h).
 * So another object that is loaded in the place of a closed one gets a record of
 * its own; the same one, loaded again just where it was, goes on with its first.
 */
#ifndef TARE__MODULE_RECORDS_H
#define TARE__MODULE_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

struct tare__module_here {
    uintptr_t low, end; /* of addresses that the same can be said of, while the thread is in them */
    uint32_t id;        /* 0: in no object that is known */
    bool stays;         /* it is never unloaded: no need to look again */
    bool certain;       /* no other can be taken for it: it has a build ID, or stays */
};

/* What was found in one walk, so that each object is looked at once. Zeros at first. */
struct tare__modules_seen {
    struct tare__module_here here[4];
    uint32_t next;
};

/* Early: where the program is and where relative names are relative to. */
void tare__module_records_start(void);

/* False where there is no record yet: tare__module_record() makes one. */
bool tare__module_here(struct tare__modules_seen *seen, uintptr_t address, struct tare__module_here *here);

/* Under the lock of those who make records. False where there is no room. */
bool tare__module_record(struct tare__modules_seen *seen, uintptr_t address, struct tare__module_here *here);

/* In a child of fork whose pieces are fresh. */
void tare__module_records_drop(void);

#endif
