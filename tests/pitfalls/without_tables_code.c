/* SPDX-License-Identifier: MIT */
/* Compiled without any unwind tables. */
int through_code_without_tables(int (*function)(int), int argument);
int through_code_without_tables(int (*function)(int), int argument)
{
    volatile int kept = argument;
    return function(argument) + kept;
}
