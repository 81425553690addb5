// SPDX-License-Identifier: MIT
// As samples.c, in C++: templates, inlined members of the standard library, exceptions.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include <tare/tare.h>

namespace {

int failures;

void print(const tare_failure *failure, void *)
{
    failures++;
    if (write(STDOUT_FILENO, failure->message, std::strlen(failure->message)) < 0)
        std::abort();
}

} // namespace

namespace shapes {

template <typename Number> class polygon {
  public:
    [[gnu::noinline]] explicit polygon(int corners) : corners_(new Number[static_cast<size_t>(corners)]) {}
    [[gnu::noinline]] Number *release() { return corners_.release(); }

  private:
    std::unique_ptr<Number[]> corners_;
};

[[gnu::noinline]] double *leak(int corners)
{
    return polygon<double>(corners).release();
}

struct registry {
    std::vector<int> ids;
    [[gnu::noinline]] void add(int id) { ids.push_back(id); }
};

} // namespace shapes

static void leaks()
{
    double *corners = nullptr;
    tare_expect_no_leaks() {
        corners = shapes::leak(3);
    }
    delete[] corners;
}

static void containers()
{
    tare_expect(.allocations = tare_at_most(1)) {
        shapes::registry registry;
        for (volatile int i = 0; i < 3; i = i + 1) /* as one: not unrolled */
            registry.add(i);
    }
}

struct test_failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

static void raise(const tare_failure *failure, void *context)
{
    print(failure, context);
    throw test_failure("expected");
}

/* A handler that throws; a block that an exception leaves is not judged, and saves nothing. */
static void exceptions()
{
    tare_set_failure_handler(raise, nullptr, nullptr, nullptr);
    for (int i = 0; i < 3; i++) {
        bool caught = false;
        try {
            tare_expect(.allocations = tare_none) {
                std::free(std::malloc(40));
            }
        } catch (const test_failure &) {
            caught = true;
        }
        if (!caught)
            std::abort();
    }
    try {
        tare_expect(.allocations = tare_none) {
            std::free(std::malloc(40));
            throw std::string("not judged");
        }
    } catch (const std::string &) {
    }
    tare_stats stats;
    tare_measure(&stats)
        std::free(std::malloc(1));
    if (failures != 3 || stats.inexact != 0 || stats.allocations != 1)
        std::abort();
}

int main(int count, char **arguments)
{
    static const struct {
        const char *name;
        void (*run)();
    } cases[] = {{"leaks", leaks}, {"containers", containers}, {"exceptions", exceptions}};
    tare_set_failure_handler(print, nullptr, nullptr, nullptr);
    for (const auto &one : cases)
        if (count == 2 && std::strcmp(one.name, arguments[1]) == 0) {
            one.run();
            return 0;
        }
    std::fputs("usage: samples CASE\n", stderr);
    return 2;
}
