/* SPDX-License-Identifier: MIT */
/*
 * Probes: points at which perf, bpftrace, SystemTap or a debugger may listen to
 * what is counted, while it is. docs/probes.md is their manual.
 *
 * A probe is a nop that a listener makes a trap of. Each stands in one function,
 * so that a listener has one place to attach to, and that is called only while
 * somebody listens: what is counted pays one load and a branch, on words that are
 * written only when a listener comes or goes. The kernel does that, in the pages
 * of each process that has them; so a child of fork starts with its parent's.
 *
 * An allocation is told when the block is there and counted; a deallocation
 * before the block is given back, so that nobody can have the address yet; a
 * reallocation when it is over. Between a call's counting and its telling the
 * thread holds no lock of tare's, except that the pieces that end with their
 * arena are told under the lock of their table, and scopes that open and end under the
 * registry's: a listener runs outside of the process and needs neither.
 */
#ifndef TARE__PROBE_H
#define TARE__PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

struct tare__hot;
struct tare__entry;

#ifdef TARE__NO_PROBES
#define TARE__LISTENED(group) false
#else
#define TARE_PROBE_GROUP(group) extern uint64_t tare__listeners_##group TARE__HIDDEN;
#define TARE_PROBE(...)
#include "probes.def"
#undef TARE_PROBE_GROUP
#undef TARE_PROBE
#define TARE__LISTENED(group) TARE__UNLIKELY(TARE__LOAD(tare__listeners_##group) != 0)
#endif

/* tare__probe_PROVIDER_NAME(...): fires it. Where nobody listens, nothing comes of it. */
#define TARE_PROBE_GROUP(group)
#define TARE_PROBE(provider, name, meaning, parameters, ...) void tare__probe_##provider##_##name parameters;
#include "probes.def"
#undef TARE_PROBE_GROUP
#undef TARE_PROBE

/* For a call that was counted; where TARE__LISTENED. The first returns the block,
 * so that a function can leave by it. */
void *tare__tell_allocation(const struct tare__hot *hot, void *block, size_t size);
void tare__tell_deallocation(const struct tare__hot *hot, const void *block, size_t size);
void tare__tell_reallocation(const struct tare__hot *hot, const void *old, const void *fresh, size_t old_size,
                             size_t size);

#endif
