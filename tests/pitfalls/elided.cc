/* SPDX-License-Identifier: MIT */
/* Pitfall 2: new and delete of what goes unused, which compilers may delete
 * since C++14. All must be counted. */
#include <cstdlib>
#include <memory>
#include <new>
#include <tare/tare.h>

#include "check.h"

static bool exact = true;

static void expect(const char *what, const tare_stats &stats, unsigned allocations, unsigned deallocations,
                   unsigned bytes)
{
    if (stats.allocations == allocations && stats.deallocations == deallocations && stats.bytes_allocated == bytes &&
        stats.inexact == 0)
        return;
    dprintf(2, "%s: %d allocations, %d deallocations, %d bytes\n", what, static_cast<int>(stats.allocations),
            static_cast<int>(stats.deallocations), static_cast<int>(stats.bytes_allocated));
    exact = false;
}

int main()
{
    tare_stats stats;
    tare_measure(&stats) {
        delete new int(1);
    }
    expect("new and delete", stats, 1, 1, sizeof(int));

    tare_measure(&stats) {
        delete[] new char[20];
    }
    expect("new[] and delete[]", stats, 1, 1, 20);

    tare_measure(&stats) {
        char *block = new (std::nothrow) char[30];
        if (block != nullptr)
            delete[] block;
    }
    expect("nothrow new", stats, 1, 1, 30);

    tare_measure(&stats) {
        char *block = new char[40];
        (void)block;
    }
    expect("leak", stats, 1, 0, 40);

    tare_measure(&stats) {
        std::unique_ptr<int> owned(new int(2));
    }
    expect("unique_ptr", stats, 1, 1, sizeof(int));

    tare_measure(&stats) {
        ::operator delete(::operator new(50));
    }
    expect("operator new", stats, 1, 1, 50);

    tare_measure(&stats) {
        std::free(std::malloc(60));
    }
    expect("std::malloc", stats, 1, 1, 60);
    return exact ? 0 : 1;
}
