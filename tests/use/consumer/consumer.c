/* SPDX-License-Identifier: MIT */
#include "count.h"

int main(int argc, char **argv)
{
    tare_stats stats;
    tare_measure(&stats) {
        free(malloc(24));
    }
    return counted(&stats, argc > 1 ? argv[1] : "shared");
}
