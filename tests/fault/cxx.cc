// SPDX-License-Identifier: MIT
/* new throws, after its handler has had its chance; nothrow returns NULL; and what is thrown then gets its memory all
 * the same (pitfall 70). In each C++ of every form. */
#include <check.h>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "caught.h"

#if __cplusplus >= 202002L
#define FAIL_ALL() tare_fail_nth(1, .in_a_row = TARE_FAULT_FOREVER)
#else
#define FAIL_ALL() tare_fail_nth(1, forever())
static tare_fault_options forever()
{
    tare_fault_options options{};
    options.in_a_row = TARE_FAULT_FOREVER;
    return options;
}
#endif

namespace {

void check_throws()
{
    bool thrown = false, null = false;
    tare_fail_nth(2)
    {
        int *one = new int(1);
        try {
            delete new int(2);
        } catch (const std::bad_alloc &) {
            thrown = true;
        }
        delete one;
    }
    CHECK(thrown);
    CHECK_EQUAL(tare_fault_fired(), 1);
    tare_fail_nth(1)
    {
        int *one = new (std::nothrow) int[10];
        null = one == nullptr;
        delete[] one;
    }
    CHECK(null);
}

/* The exception itself is from the runtime's emergency pool. */
void check_throws_with_nothing_left()
{
    unsigned caught_here = 0;
    FAIL_ALL()
    {
        for (int i = 0; i < 3; i++)
            try {
                std::string text(1000, 'x');
                CHECK(text.empty());
            } catch (const std::bad_alloc &) {
                caught_here++;
            }
    }
    CHECK_EQUAL(caught_here, 3);
}

unsigned handled;
std::unique_ptr<char[]> reserve;

void give_reserve()
{
    handled++;
    if (reserve != nullptr)
        reserve.reset();
    else
        std::set_new_handler(nullptr);
}

/* Each time it is called new tries once more. */
void check_new_handler()
{
    bool thrown = false;
    reserve.reset(new char[100]);
    std::set_new_handler(give_reserve);
    tare_fail_nth(1) delete new int(3);
    CHECK_EQUAL(handled, 1);
    CHECK(reserve == nullptr);
    FAIL_ALL()
    {
        try {
            delete new int(4);
        } catch (const std::bad_alloc &) {
            thrown = true;
        }
    }
    CHECK(thrown);
    CHECK_EQUAL(handled, 2);
    std::set_new_handler(nullptr);
}

std::vector<std::string> split(const std::string &text)
{
    std::vector<std::string> words;
    for (size_t at = 0; at < text.size(); at += 20)
        words.push_back(text.substr(at, 20));
    return words;
}

void check_sweep()
{
    tare_fault_result result = tare_fault_result();
    tare_sweep_options options{};
    options.name = "split";
    options.result = &result;
    size_t words = 0;
    const std::string text(100, 'x');
    tare_fault_sweep(options)
    {
        try {
            words = split(text).size();
            tare_fault_succeeded(words == 5);
        } catch (const std::bad_alloc &) {
            tare_fault_check(tare_fault_fired() > 0);
        }
    }
    if (caught.count != 0)
        dprintf(2, "%s", caught.message);
    CHECK_EQUAL(caught.count, 0);
    CHECK_EQUAL(words, 5);
    CHECK(result.points >= 2 && result.passed == result.runs);
    CHECK_EQUAL(result.runs, 2 * result.points);
}

/* The block is left by the exception: in a run that ends it, and nobody takes what is thrown for a leak. */
void check_left_by_exception()
{
    tare_fault_result result = tare_fault_result();
    tare_sweep_options options{};
    options.result = &result;
    try {
        tare_fault_sweep(options)
        {
            CHECK_EQUAL(split(std::string(100, 'y')).size(), 5);
        }
    } catch (const std::bad_alloc &) {
        CHECK(false); /* a run that went on as the test */
    }
    CHECK_EQUAL(caught.count, 0);
    CHECK(result.runs > 0 && result.passed == result.runs);
}

void throw_error(const tare_failure *failure, void *)
{
    throw std::runtime_error(failure->message);
}

/* A handler may throw out of the block's head. */
void check_handler_throws()
{
    tare_set_failure_handler(throw_error, nullptr, nullptr, nullptr);
    bool thrown = false;
    try {
        tare_fault_sweep() {}
    } catch (const std::runtime_error &error) {
        thrown = std::string(error.what()).find("makes no allocation") != std::string::npos;
    }
    CHECK(thrown);
    catch_failures();
}

void check_spared()
{
    tare_fail_nth(1)
    {
        tare_no_faults() delete new int(5);
        CHECK_EQUAL(tare_fault_fired(), 0);
        tare_fail_over(10000) tare_fail_sites("no_such*") {}
    }
    CHECK_EQUAL(caught.count, 1);
    CHECK_EQUAL(caught.error, TARE_ERROR_NO_SITES);
}

} // namespace

int main()
{
    catch_failures();
    check_throws();
    check_throws_with_nothing_left();
    check_new_handler();
    check_sweep();
    check_left_by_exception();
    check_handler_throws();
    check_spared();
    return 0;
}
