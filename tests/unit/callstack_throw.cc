/* SPDX-License-Identifier: MIT */
/* Exceptions for callstack.c. */
namespace {
struct away {};
} // namespace

extern "C" void call_and_catch(void (*function)(void))
{
    try {
        function();
    } catch (const away &) {
    }
}

extern "C" void throw_away(void)
{
    throw away();
}
