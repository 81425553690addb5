/* SPDX-License-Identifier: MIT */
#ifndef TARE_BLOCK_HPP
#define TARE_BLOCK_HPP

/*
 * The block forms of tare.h in C++ (11 and later). They mean the same as in C;
 * a class stands where C has a cleanup attribute, so that a failure handler may
 * throw. Included by tare.h, never by itself.
 */

#ifndef TARE_TARE_H
#error "include <tare/tare.h>"
#endif

#include <exception>

namespace tare {
namespace detail {

/* How many exceptions are on their way; before C++17, whether any is. */
inline int exceptions_under_way()
{
#if __cplusplus >= 201703L
    return std::uncaught_exceptions();
#else
    return std::uncaught_exception() ? 1 : 0;
#endif
}

/*
 * A block of one kind: begin runs when it is entered, end when it is left. One
 * that an exception leaves ends quietly: an expectation is not judged, for the
 * exception is a failure already and is itself a block that lives; and a handler
 * that throws a second one would end the program.
 */
template <typename Block, void (*end)(Block *), void (*end_quietly)(Block *)> class block {
  public:
    block(const block &) = delete;
    block &operator=(const block &) = delete;
    ~block() noexcept(false)
    {
        if (exceptions_under_way() == exceptions_)
            end(&block_);
        else
            end_quietly(&block_);
    }
    bool running() const { return block_.running; }
    void stop() { block_.running = false; }

  protected:
    block() : exceptions_(exceptions_under_way()) {}
    int exceptions_;
    Block block_;
};

class measure_block : public block<tare_measure_block_, tare_measure_end_, tare_measure_end_quietly_> {
  public:
    measure_block(const tare_measurement_ &what, tare_here_ here) { tare_measure_begin_(&block_, &what, here); }
};

class expect_block : public block<tare_expect_block_, tare_expect_end_, tare_expect_end_quietly_> {
  public:
    expect_block(const tare_expectation &what, tare_here_ here) { tare_expect_begin_(&block_, &what, here); }
};

class task_block : public block<tare_task_block_, tare_task_end_, tare_task_end_quietly_> {
  public:
    task_block(tare_scope *scope, tare_here_ here) { tare_task_begin_(&block_, scope, here); }
};

inline tare_options options(const char *name = nullptr, tare_domain domain = TARE_THREAD, unsigned watchdog_ms = 0)
{
    tare_options made;
    made.name = name;
    made.domain = domain;
    made.watchdog_ms = watchdog_ms;
    return made;
}

inline tare_measurement_ measurement(tare_stats *stats, const char *name = nullptr, tare_domain domain = TARE_THREAD,
                                     unsigned watchdog_ms = 0)
{
    tare_measurement_ made;
    made.stats = stats;
    made.name = name;
    made.domain = domain;
    made.watchdog_ms = watchdog_ms;
    return made;
}

inline tare_expectation no_allocations()
{
    tare_expectation made = tare_expectation();
    made.allocations = made.reallocations = made.failed_allocations = tare_exactly(0);
    return made;
}

inline tare_expectation no_leaks()
{
    tare_expectation made = tare_expectation();
    made.leaked_allocations = made.leaked_bytes = tare_exactly(0);
    return made;
}

inline tare_scope *open(const tare_options &options)
{
    return tare_open_with(&options);
}

inline bool check(const tare_stats *stats, const tare_expectation &expectation, tare_here_ here)
{
    return tare_check_(stats, &expectation, here);
}

inline tare_here_ here(const char *file, const char *function, int line)
{
    tare_here_ made;
    made.file = file;
    made.function = function;
    made.line = line;
    return made;
}

} // namespace detail
} // namespace tare

#define TARE_HERE_ (tare::detail::here(__FILE__, __func__, __LINE__))
#define TARE_PASTE_EXPANDED_(a, b) a##b
#define TARE_PASTE_(a, b) TARE_PASTE_EXPANDED_(a, b)
#define TARE_BLOCK_(kind, ...) TARE_BLOCK_NAMED_(kind, TARE_PASTE_(tare_block_, __COUNTER__), __VA_ARGS__)
#define TARE_BLOCK_NAMED_(kind, block, ...)                                                                            \
    for (tare::detail::kind##_block block(__VA_ARGS__, TARE_HERE_); block.running(); block.stop())

#define tare_in_task(scope) TARE_BLOCK_(task, scope)

/* An expectation made before, tare_expectation e{}; e.allocations = ...;
 * may stand where C++20 takes bounds by name: tare_expect(e) { }. */
#define tare_expect(...) TARE_BLOCK_(expect, tare_expectation{__VA_ARGS__})
#define tare_check(stats, ...) tare::detail::check(stats, tare_expectation{__VA_ARGS__}, TARE_HERE_)
#define tare_expect_no_allocations() TARE_BLOCK_(expect, tare::detail::no_allocations())
#define tare_expect_no_leaks() TARE_BLOCK_(expect, tare::detail::no_leaks())

#if __cplusplus >= 202002L
#define tare_open(...) tare::detail::open(tare_options{__VA_ARGS__})
#define tare_measure(...) TARE_BLOCK_(measure, tare_measurement_{.stats = __VA_ARGS__})
#else
#define tare_open(...) tare::detail::open(tare::detail::options(__VA_ARGS__))
#define tare_measure(...) TARE_BLOCK_(measure, tare::detail::measurement(__VA_ARGS__))
#endif

#endif
