/* SPDX-License-Identifier: MIT */
/* Mangled names, those of Rust too: no compiler for it is needed here. And the strings
 * that they are kept in. */
#include "symbol_name.h"

#include "check.h"

static struct tare__strings *strings;

static void check(const char *(*function)(struct tare__strings *, const char *), const char *name, const char *expected)
{
    const char *got = function(strings, name);
    CHECK(got != NULL);
    if (strcmp(got, expected) != 0) {
        dprintf(2, "%s is %s, expected %s\n", name, got, expected);
        _exit(1);
    }
    CHECK(function(strings, name) == got); /* each is kept once */
}

static void test_demangled(void)
{
    check(tare__demangle, "main", "main");
    check(tare__demangle, "", "");
    check(tare__demangle, "_Z", "_Z");
    check(tare__demangle, "_Zzz", "_Zzz");
    check(tare__demangle, "_R", "_R");
    check(tare__demangle, "_Z3addii", "add(int, int)");
    check(tare__demangle, "_Z3addIiET_S0_S0_", "add<int>(int, int)"); /* not "int add<int>" */
    check(tare__demangle, "_ZN3FooC4Ev", "Foo::Foo()");               /* what gcc calls both constructors */
    check(tare__demangle, "_ZZ4mainENK3$_0clEv", "main::$_0::operator()() const");
    check(tare__demangle, "_ZNSt6vectorIiSaIiEE9push_backERKi",
          "std::vector<int, std::allocator<int> >::push_back(int const&)");
}

static void test_rust(void)
{
    check(tare__demangle, "_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write");
    check(tare__demangle, "_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt17h05af221e174051e9E",
          "<alloc::string::String as core::fmt::Display>::fmt");
    check(tare__demangle, "_ZN4main4main28_$u7b$$u7b$closure$u7d$$u7d$17h930b740aa94f1d3aE", "main::main::{{closure}}");
    check(tare__demangle, "_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar");
    check(tare__demangle, "_RNvCskwGfYPst2Cb_3foo16example_function", "foo::example_function");
    check(tare__demangle, "_RINvNtC3std3mem8align_ofdE", "std::mem::align_of::<f64>");
    check(tare__demangle, "_RNCNvC4main4main0", "main::main::{closure#0}");
}

static void test_variants(void)
{
    check(tare__symbol_function, "parse.cold", "parse");
    check(tare__symbol_function, "parse.part.0", "parse");
    check(tare__symbol_function, "parse.constprop.0.isra.0", "parse");
    check(tare__symbol_function, "parse.llvm.123456", "parse");
    check(tare__symbol_function, "_Z5parsev.cold", "parse()");
    check(tare__symbol_function, "parse.colder", "parse.colder");
    check(tare__symbol_function, "parse@@LIB_2.0", "parse");
    check(tare__symbol_function, "parse@LIB_1.0", "parse");
    check(tare__symbol_function, "@parse", "@parse");
    check(tare__symbol_function, "v.1.part.2", "v.1");
    check(tare__symbol_function, ".part.0", ".part.0");
}

/* More than one chunk, and one longer than a chunk. */
static void test_strings(void)
{
    enum { COUNT = 30000 };
    static const char *kept[COUNT];
    static char text[100000];
    for (int i = 0; i < COUNT; i++) {
        snprintf(text, sizeof text, "string number %d", i);
        CHECK((kept[i] = tare__strings_add(strings, text)) != NULL && kept[i] != text);
    }
    memset(text, 'x', sizeof text - 1);
    const char *long_one = tare__strings_add(strings, text);
    CHECK(strcmp(long_one, text) == 0 && tare__strings_add(strings, text) == long_one);
    for (int i = 0; i < COUNT; i++) {
        snprintf(text, sizeof text, "string number %d", i);
        CHECK(strcmp(kept[i], text) == 0 && tare__strings_add(strings, text) == kept[i]);
    }
}

int main(void)
{
    strings = tare__strings_new();
    CHECK(strings != NULL);
    test_demangled();
    test_rust();
    test_variants();
    test_strings();
    tare__strings_free(strings);
    return 0;
}
