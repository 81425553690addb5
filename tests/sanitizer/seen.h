/* SPDX-License-Identifier: MIT */
/* Included before all else in the capture code: see seen.c. */
#define __real_pthread_clockjoin_np seen_clockjoin
#define __real_thrd_create seen_thrd_create
#define __real_thrd_join seen_thrd_join
