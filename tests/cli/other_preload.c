/* SPDX-License-Identifier: MIT */
/* Somebody else's preload: does nothing but be there. */
int other_preload_is_here;
