/* SPDX-License-Identifier: MIT */
/* Names made short. */
#include "function_name.h"

#include "check.h"

static void expect_bare(const char *function, const char *expected)
{
    char buffer[TARE__FUNCTION_NAME_BYTES];
    tare__function_bare_name(buffer, function);
    if (strcmp(buffer, expected) != 0) {
        dprintf(2, "%s becomes %s, not %s\n", function, buffer, expected);
        _exit(1);
    }
}

int main(void)
{
    expect_bare("main", "main");
    expect_bare("", "");
    expect_bare("foo.isra.0", "foo.isra.0");
    expect_bare("load(table&, std::__cxx11::basic_string<char> const&)", "load");
    expect_bare("void f<int>(int)", "f");
    expect_bare("std::pair<int, long> const& a::b<std::c<(d)1> >::e<f>() const", "a::b::e");
    expect_bare("std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >::append(char const*)",
                "std::basic_string::append");
    expect_bare("std::__cxx11::to_string[abi:cxx11](int)", "std::to_string");
    expect_bare("(anonymous namespace)::pool::pool()", "(anonymous namespace)::pool::pool");
    expect_bare("int a::(anonymous namespace)::f<int>(int)", "a::(anonymous namespace)::f");
    expect_bare("operator new(unsigned long)", "operator new");
    expect_bare("operator new[](unsigned long, std::align_val_t)", "operator new[]");
    expect_bare("void* operator new<int>(unsigned long)", "operator new");
    expect_bare("A::operator()(int) const", "A::operator()");
    expect_bare("A::operator bool() const", "A::operator bool");
    expect_bare("std::ostream& std::operator<< <char>(std::ostream&, char)", "std::operator<<");
    expect_bare("A<int>::operator->() const", "A::operator->");
    expect_bare("bool operator<(A const&, A const&)", "operator<");
    expect_bare("operators::run(int)", "operators::run");
    expect_bare("main::{lambda(int)#1}::operator()(int) const", "main::{lambda(int)#1}::operator()");
    expect_bare("f(int)::{lambda()#1}::operator()() const", "f::{lambda()#1}::operator()");
    expect_bare("A::f() const::{lambda()#1}::operator()() const", "A::f::{lambda()#1}::operator()");
    expect_bare("f(int) [clone .cold]", "f");
    expect_bare("alloc::vec::Vec<T,A>::push", "alloc::vec::Vec::push");
    expect_bare("<alloc::vec::Vec<T> as core::clone::Clone>::clone",
                "<alloc::vec::Vec<T> as core::clone::Clone>::clone");
    expect_bare("f(", "f");
    expect_bare("f<", "f");
    expect_bare("f)>", "f)>");

    char name[2 * TARE__FUNCTION_NAME_BYTES], buffer[TARE__FUNCTION_NAME_BYTES];
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    CHECK_EQUAL(strlen(tare__function_bare_name(buffer, name)), TARE__FUNCTION_NAME_BYTES - 1);
    return 0;
}
