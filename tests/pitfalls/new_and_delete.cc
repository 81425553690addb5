// SPDX-License-Identifier: MIT
// Pitfall 43: operator new reaches malloc by itself. Every form of new counts one
// allocation and every form of delete one deallocation.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <tare/tare.h>
#include <vector>

#include "check.h"

namespace {

struct alignas(64) wide {
    char bytes[128];
};

struct counted {
    static int alive;
    int value = 0;
    counted() { alive++; }
    counted(const counted &) = delete;
    counted &operator=(const counted &) = delete;
    ~counted() { alive--; } // not trivial: an array of these needs a cookie
};
int counted::alive = 0;

struct throwing {
    char bytes[24] = {};
    throwing() { throw 1; }
};

void check(const char *what, const tare_stats &stats, uint64_t made, uint64_t bytes)
{
    if (stats.inexact == 0 && stats.allocations == made && stats.deallocations == made && stats.reallocations == 0 &&
        stats.bytes_allocated == bytes && stats.bytes_deallocated == bytes && stats.leaked_allocations == 0)
        return;
    char text[1024];
    tare_stats_format(&stats, text, sizeof text);
    dprintf(2, "%s: expected %d pairs of %d bytes:\n%s", what, static_cast<int>(made), static_cast<int>(bytes), text);
    _exit(1);
}

#define CHECK_PAIR(bytes, ...)                                                                                         \
    do {                                                                                                               \
        tare_stats stats;                                                                                              \
        tare_measure(&stats) {                                                                                         \
            __VA_ARGS__;                                                                                               \
        }                                                                                                              \
        check(#__VA_ARGS__, stats, 1, bytes);                                                                          \
    } while (0)

void check_operators()
{
    const std::align_val_t aligned{64};
    const std::nothrow_t &nothrow = std::nothrow;
    CHECK_PAIR(24, ::operator delete(::operator new(24)));
    CHECK_PAIR(24, ::operator delete[](::operator new[](24)));
    CHECK_PAIR(24, ::operator delete(::operator new(24, nothrow), nothrow));
    CHECK_PAIR(24, ::operator delete[](::operator new[](24, nothrow), nothrow));
    CHECK_PAIR(24, ::operator delete (::operator new(24), std::size_t{24}));
    CHECK_PAIR(24, ::operator delete[](::operator new[](24), std::size_t{24}));
    CHECK_PAIR(128, ::operator delete(::operator new(128, aligned), aligned));
    CHECK_PAIR(128, ::operator delete[](::operator new[](128, aligned), aligned));
    CHECK_PAIR(128, ::operator delete(::operator new(128, aligned, nothrow), aligned, nothrow));
    CHECK_PAIR(128, ::operator delete[](::operator new[](128, aligned, nothrow), aligned, nothrow));
    CHECK_PAIR(128, ::operator delete (::operator new(128, aligned), std::size_t{128}, aligned));
    CHECK_PAIR(128, ::operator delete[](::operator new[](128, aligned), std::size_t{128}, aligned));
}

void check_expressions()
{
    CHECK_PAIR(sizeof(int), delete new int);
    CHECK_PAIR(10 * sizeof(int), delete[] new int[10]);
    CHECK_PAIR(sizeof(int), delete new (std::nothrow) int);
    CHECK_PAIR(sizeof(wide), delete new wide);
    CHECK_PAIR(3 * sizeof(wide), delete[] new wide[3]);
    CHECK_PAIR(sizeof(counted), delete new counted);
    CHECK_PAIR(10 * sizeof(counted) + sizeof(std::size_t), delete[] new counted[10]);
    CHECK_EQUAL(counted::alive, 0);
    CHECK_PAIR(sizeof(counted), std::unique_ptr<counted>(new counted));
    CHECK_PAIR(10 * sizeof(int), std::vector<int>(10));
    CHECK_PAIR(101, std::string(100, 'x'));
    CHECK_PAIR(1, delete[] new char[0]); // libstdc++ asks malloc for one byte at least
}

void check_others()
{
    tare_stats stats;
    alignas(counted) char room[sizeof(counted)];
    tare_measure(&stats) {
        counted *placed = new (room) counted;
        placed->~counted();
        int *volatile nothing = nullptr;
        delete nothing;
        delete[] nothing;
    }
    check("placement new, delete of nullptr", stats, 0, 0);

    // The constructor throws: the memory is given back, and the exception itself is one block more.
    tare_measure(&stats) {
        try {
            new throwing;
        } catch (int) {
        }
    }
    CHECK_EQUAL(stats.allocations, 2);
    CHECK_EQUAL(stats.deallocations, 2);
    CHECK_EQUAL(stats.leaked_allocations, 0);

    // What new can't have is a failed allocation. No new_handler: one attempt.
    volatile std::size_t too_much = SIZE_MAX / 4;
    void *block = &stats;
    tare_measure(&stats)
        block = ::operator new(too_much, std::nothrow);
    CHECK(block == nullptr);
    CHECK_EQUAL(stats.failed_allocations, 1);
    CHECK_EQUAL(stats.leaked_allocations, 0);
}

} // namespace

int main()
{
    check_operators();
    check_expressions();
    check_others();
    return 0;
}
