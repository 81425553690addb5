/* SPDX-License-Identifier: MIT */
/* For closed_modules.c; which one it is changes one number in its code. */
int call_from_module(int (*function)(void));
int call_from_module(int (*function)(void))
{
    volatile char frame[40];
    frame[0] = WHICH;
    return function() + frame[0];
}
