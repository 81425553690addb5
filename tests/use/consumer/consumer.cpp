/* SPDX-License-Identifier: MIT */
#include "count.h"

struct unused {
    char bytes[24];
};

int main(int argc, char **argv)
{
    tare_stats stats;
    tare_measure(&stats) {
        delete new unused;
    }
    return counted(&stats, argc > 1 ? argv[1] : "shared");
}
