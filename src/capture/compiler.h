/* SPDX-License-Identifier: MIT */
/* Words for the compiler that the capture code uses everywhere. */
#ifndef TARE__COMPILER_H
#define TARE__COMPILER_H

#define TARE__LIKELY(condition) __builtin_expect(!!(condition), 1)
#define TARE__UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#define TARE__COLD __attribute__((cold, noinline))
#define TARE__INLINE static inline __attribute__((always_inline))
#define TARE__EXPORT __attribute__((visibility("default")))
/* For variables of other files: -fvisibility says nothing of declarations, and
 * they would be reached by way of a table. */
#define TARE__HIDDEN __attribute__((visibility("hidden")))

/* Fields that one thread writes and others may read: relaxed, so a plain move
 * on every machine, but never torn and never kept in a register. */
#define TARE__LOAD(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define TARE__STORE(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)
#define TARE__ADD(field, value) TARE__STORE(field, TARE__LOAD(field) + (value))

#endif
