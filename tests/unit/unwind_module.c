/* SPDX-License-Identifier: MIT */
/* A module for unwind_reload.c, built with frames of two sizes: the same code but
 * for that, so that the second lies as the first did. */
int call_from_module(int (*function)(void));
int call_from_module(int (*function)(void))
{
    volatile char frame[FRAME_BYTES];
    frame[0] = 1;
    return function() + frame[0];
}
