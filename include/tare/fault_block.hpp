/* SPDX-License-Identifier: MIT */
#ifndef TARE_FAULT_BLOCK_HPP
#define TARE_FAULT_BLOCK_HPP

/* The block forms of fault.h in C++ (11 and later). Included by fault.h, never by itself. */

#ifndef TARE_FAULT_H
#error "include <tare/fault.h>"
#endif

namespace tare {
namespace detail {

class fail_block : public block<tare_fail_block_, tare_fail_end_, tare_fail_end_> {
  public:
    fail_block(const tare_fail_ &what, tare_here_ here) { tare_fail_begin_(&block_, &what, here); }
};

class spared_block : public block<tare_spared_block_, tare_spared_end_, tare_spared_end_> {
  public:
    spared_block(int unused, tare_here_ here) { tare_spared_begin_(&block_, unused, here); }
};

class sweep_block : public block<tare_sweep_block_, tare_sweep_end_, tare_sweep_end_quietly_> {
  public:
    sweep_block(const tare_sweep_options &options, tare_here_ here) { tare_sweep_begin_(&block_, &options, here); }
    void next() { tare_sweep_next_(&block_); }
};

inline tare_fail_ fail(tare_fail_kind_ kind, uint64_t number, const tare_fault_options &options = tare_fault_options())
{
    tare_fail_ made = tare_fail_();
    made.kind = kind;
    made.number = number;
#define TARE_COPY_(type, name, initially, text) made.name = options.name;
    TARE_FAULT_OPTIONS(TARE_COPY_)
#undef TARE_COPY_
    return made;
}

inline tare_fail_ fail_sites(const char *pattern, const tare_fault_options &options = tare_fault_options())
{
    tare_fail_ made = fail(TARE_FAIL_SITES_, 0, options);
    made.pattern = pattern;
    return made;
}

inline tare_fail_ fail_random(double probability, uint64_t seed,
                              const tare_fault_options &options = tare_fault_options())
{
    tare_fail_ made = fail(TARE_FAIL_RANDOM_, seed, options);
    made.probability = probability;
    return made;
}

} // namespace detail
} // namespace tare

#if __cplusplus >= 202002L
#define TARE_FAIL_NUMBER_(kind_, number_, ...)                                                                         \
    TARE_BLOCK_(fail, tare_fail_{.kind = kind_, .number = static_cast<uint64_t>(number_) __VA_OPT__(, ) __VA_ARGS__})
#define tare_fail_nth(...) TARE_FAIL_NUMBER_(TARE_FAIL_NTH_, __VA_ARGS__)
#define tare_fail_over(...) TARE_FAIL_NUMBER_(TARE_FAIL_OVER_, __VA_ARGS__)
#define tare_fail_sites(...) TARE_BLOCK_(fail, tare_fail_{.kind = TARE_FAIL_SITES_, .pattern = __VA_ARGS__})
#define tare_fail_random(probability_, seed_, ...)                                                                     \
    TARE_BLOCK_(fail, tare_fail_{.kind = TARE_FAIL_RANDOM_,                                                            \
                                 .probability = static_cast<double>(probability_),                                     \
                                 .number = static_cast<uint64_t>(seed_) __VA_OPT__(, ) __VA_ARGS__})
#else
/* Options are set in a tare_fault_options of one's own, and given after the arguments. */
#define tare_fail_nth(...) TARE_BLOCK_(fail, tare::detail::fail(TARE_FAIL_NTH_, __VA_ARGS__))
#define tare_fail_sites(...) TARE_BLOCK_(fail, tare::detail::fail_sites(__VA_ARGS__))
#define tare_fail_over(...) TARE_BLOCK_(fail, tare::detail::fail(TARE_FAIL_OVER_, __VA_ARGS__))
#define tare_fail_random(...) TARE_BLOCK_(fail, tare::detail::fail_random(__VA_ARGS__))
#endif
#define tare_no_faults() TARE_BLOCK_(spared, 0)

/* Before C++20, too, it takes options that were set before: tare_sweep_options o{}; tare_fault_sweep(o) { } */
#define tare_fault_sweep(...) TARE_SWEEP_NAMED_(TARE_PASTE_(tare_block_, __COUNTER__), tare_sweep_options{__VA_ARGS__})
#define TARE_SWEEP_NAMED_(block, ...)                                                                                  \
    for (tare::detail::sweep_block block(__VA_ARGS__, TARE_HERE_); block.running(); block.next())

#endif
