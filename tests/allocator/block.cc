// SPDX-License-Identifier: MIT
// Wrapped allocators and uncounted blocks in C++, left by exceptions too.
#include <cstdlib>
#include <new>
#include <tare/allocator.h>
#include <vector>

#include "check.h"

static void *by_new(void *, std::size_t size)
{
    return ::operator new(size, std::nothrow);
}

static void by_delete(void *, void *block)
{
    ::operator delete(block);
}

static const tare_allocator of_new = {by_new, nullptr, by_delete, nullptr};
static tare_allocator counted = tare_wrap(&of_new);

// An allocator of the standard library over a wrapped one.
template <class T> struct standard {
    using value_type = T;
    standard() = default;
    template <class U> standard(const standard<U> &) {}
    T *allocate(std::size_t count) { return static_cast<T *>(counted.alloc(counted.context, count * sizeof(T))); }
    void deallocate(T *block, std::size_t) { counted.free(counted.context, block); }
    template <class U> bool operator==(const standard<U> &) const { return true; }
    template <class U> bool operator!=(const standard<U> &) const { return false; }
};

static void fill(int count)
{
    std::vector<int, standard<int>> numbers;
    numbers.reserve(10);
    for (int i = 0; i < count; i++)
        numbers.push_back(i);
}

static void leave_by_exception()
{
    tare_uncounted() {
        std::free(std::malloc(10));
        throw 1;
    }
}

int main()
{
    tare_stats stats;
    tare_measure(&stats) {
        fill(20);
    }
    CHECK_EQUAL(stats.allocations, 2);
    CHECK_EQUAL(stats.deallocations, 2);
    CHECK_EQUAL(stats.bytes_allocated, 30 * sizeof(int));
    CHECK_EQUAL(stats.inexact, 0);

    int caught = 0;
    tare_measure(&stats) {
        tare_uncounted() {
            delete[] new int[100];
        }
        try {
            leave_by_exception();
        } catch (int) {
            caught++;
        }
        std::free(std::malloc(5));
    }
    CHECK_EQUAL(caught, 1);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK(stats.bytes_allocated <
          1000); // 5, and the exception itself, which the runtime allocates outside the block's end
    CHECK_EQUAL(stats.leaked_allocations, 0);
    return 0;
}
