/* SPDX-License-Identifier: MIT */
/* Measures without asking first whether tare is attached. */
#include "exactly.h"

int main(void)
{
    check_all_exact();
    return 0;
}
