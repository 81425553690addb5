// SPDX-License-Identifier: MIT
// The same inside a test of GoogleTest.
#include <gtest/gtest.h>

#include <tare/tare.h>

static void fail_test(const tare_failure *failure, void *)
{
    ADD_FAILURE() << failure->message;
}

TEST(Parser, Leaks)
{
    static void *kept;
    tare_expect_no_leaks() {
        kept = std::malloc(5);
    }
    (void)kept;
}

int main(int count, char **arguments)
{
    testing::InitGoogleTest(&count, arguments);
    tare_set_failure_handler(fail_test, nullptr, nullptr, nullptr);
    return RUN_ALL_TESTS() == 1 ? 0 : 1;
}
