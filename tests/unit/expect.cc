// SPDX-License-Identifier: MIT
// The block forms in C++: a failure handler that throws into a test framework,
// exceptions through blocks, and expectations without C++20's names.
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <tare/tare.h>
#include <thread>

#include "check.h"

namespace {

struct violated : std::runtime_error {
    using std::runtime_error::runtime_error;
};

void throw_it(const tare_failure *failure, void *)
{
    throw violated(failure->message);
}

void check_throwing_handler()
{
    for (int i = 0; i < 3; i++) {
        bool caught = false, passed = false;
        try {
            tare_expect_no_allocations()
                std::free(std::malloc(10));
            passed = true;
        } catch (const violated &what) {
            caught = true;
            CHECK_CONTAINS(what.what(), "expectation failed");
            CHECK_CONTAINS(what.what(), "in check_throwing_handler");
            CHECK_CONTAINS(what.what(), "! allocations");
        }
        CHECK(caught && !passed);
    }

    // An expectation inside another: the inner one throws, and the outer one, left by that
    // exception, is closed without a second one.
    bool caught = false;
    try {
        tare_expect_no_leaks() {
            tare_expect_no_allocations()
                std::free(std::malloc(10));
        }
    } catch (const violated &) {
        caught = true;
    }
    CHECK(caught);

    // By a function call and by a mistake, too.
    tare_stats stats = tare_stats();
    stats.allocations = 1;
    tare_expectation nothing = tare_expectation();
    nothing.allocations = tare_none;
    caught = false;
    try {
        tare_check(&stats, nothing);
    } catch (const violated &) {
        caught = true;
    }
    CHECK(caught);
    caught = false;
    try {
        tare_close(nullptr, nullptr);
    } catch (const violated &what) {
        caught = true;
        CHECK_CONTAINS(what.what(), tare_error_text(TARE_ERROR_NULL_ARGUMENT));
    }
    CHECK(caught);
    nothing.allocations = tare_between(2, 1);
    caught = false;
    bool ran = false;
    try {
        tare_expect(nothing)
            ran = true;
    } catch (const violated &what) {
        caught = true;
        CHECK_CONTAINS(what.what(), tare_error_text(TARE_ERROR_BAD_BOUND));
    }
    CHECK(caught && !ran);
}

// The figures are filled when an exception leaves the block, and the scope is closed.
void check_exception_through_measure()
{
    tare_stats stats;
    try {
        tare_measure(&stats) {
            std::free(std::malloc(10));
            throw 1;
        }
    } catch (int) {
    }
    CHECK_EQUAL(stats.inexact, 0);
    CHECK(stats.allocations >= 2); // and the exception itself
    tare_measure(&stats)
        std::free(std::malloc(10));
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.inexact, 0);
}

// Judged while another exception is on its way, as in a destructor.
struct judge {
    int &failures;
    explicit judge(int &count) : failures(count) {}
    judge(const judge &) = delete;
    judge &operator=(const judge &) = delete;
    ~judge()
    {
        try {
            tare_expect_no_allocations()
                std::free(std::malloc(10));
        } catch (const violated &) {
            failures++;
        }
    }
};

// A block left by an exception is not judged, and harms no later one.
void check_exception_through_expect()
{
    for (int i = 0; i < 3; i++) {
        int caught = 0, failures = 0;
        try {
            tare_expect_no_allocations() {
                judge in_passing(failures);
                std::free(std::malloc(10));
                throw 1;
            }
        } catch (int) {
            caught++;
        }
        CHECK_EQUAL(caught, 1);
        CHECK_EQUAL(failures, 1);
    }
    tare_stats stats;
    tare_measure(&stats)
        std::free(std::malloc(10));
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.inexact, 0);
}

void check_without_names()
{
    tare_expectation expectation = tare_expectation();
    expectation.allocations = tare_exactly(1);
    expectation.leaked_bytes = tare_none;
    expectation.name = "made before";
    tare_expect(expectation)
        std::free(std::malloc(10));
    bool caught = false;
    try {
        tare_expect(expectation) {
            std::free(std::malloc(10));
            std::free(std::malloc(10));
        }
    } catch (const violated &what) {
        caught = true;
        CHECK_CONTAINS(what.what(), "made before");
    }
    CHECK(caught);
    tare_stats stats = tare_stats();
    stats.allocations = 1;
    CHECK(tare_check(&stats, expectation));
}

// A block that fails by itself (its watchdog bites) and is left by an exception: that one
// arrives, and the failure is in the figures alone.
void check_exception_after_deadlock()
{
    std::mutex mutex;
    std::atomic<bool> holds{false}, sleeps{true};
    std::thread holder([&] {
        std::lock_guard<std::mutex> lock(mutex);
        holds = true;
        while (sleeps)
            std::this_thread::yield();
        std::free(std::malloc(5));
    });
    while (!holds)
        std::this_thread::yield();
    tare_stats stats = tare_stats();
    bool caught = false;
    try {
        tare_measure(&stats, "stuck", TARE_EXCLUSIVE, 100u) {
            sleeps = false;
            std::lock_guard<std::mutex> lock(mutex);
            throw 1;
        }
    } catch (int) {
        caught = true;
    }
    CHECK(caught);
    CHECK_EQUAL(stats.inexact, TARE_INEXACT_DEADLOCKED);
    holder.join();
}

} // namespace

int main()
{
    tare_set_failure_handler(throw_it, nullptr, nullptr, nullptr);
    check_throwing_handler();
    check_exception_through_measure();
    check_exception_through_expect();
    check_without_names();
    check_exception_after_deadlock();
    return 0;
}
