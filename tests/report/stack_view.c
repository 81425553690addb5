/* SPDX-License-Identifier: MIT */
/* What of a stack is shown. Each case is "function@module" from the innermost frame out,
 * "?" for no name, "!" for callers that are missing. */
#include "stack_view.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "pieces.h"

enum { MOST = 16 };

static char text[1024];
static struct tare__snapshot_module modules[MOST];
static struct tare__snapshot_frame frames[MOST];
static struct tare__place places[MOST];
static struct tare__origins origins = {.modules = modules, .frames = frames, .places = places};

/* The module is the program where none is said. */
static void add_frame(char *word)
{
    size_t at = origins.frame_count++;
    char *module = strchr(word, '@');
    if (module != NULL)
        *module++ = '\0';
    CHECK(at < MOST);
    modules[at] = (struct tare__snapshot_module){.name = module != NULL ? module : "program"};
    places[at] = (struct tare__place){.function = strcmp(word, "?") == 0 ? NULL : word};
    frames[at] = (struct tare__snapshot_frame){.address = at,
                                               .parent = (uint32_t)at + 1,
                                               .module = (uint32_t)at,
                                               .first_place = (uint32_t)at,
                                               .place_count = 1};
    if (strcmp(word, "!") == 0)
        frames[at] = (struct tare__snapshot_frame){
            .address = TARE__TRUNCATED_NO_RULE, .flags = TARE__FRAME_TRUNCATED, .parent = (uint32_t)at + 1};
    origins.module_count = origins.place_count = origins.frame_count;
}

static void build(const char *stack)
{
    strcpy(text, stack);
    origins.frame_count = 1;
    char *rest = text;
    for (char *word; (word = strsep(&rest, ";")) != NULL;)
        add_frame(word);
    size_t count = origins.frame_count;
    frames[count - 1].parent = 0;
    for (size_t i = 1; i < count; i++)
        frames[i].depth = (uint32_t)(count - i);
}

static void expect_shown(const char *stack, const char *expected)
{
    char shown[1024] = "";
    struct tare__stack_line line;
    build(stack);
    struct tare__stack_view view = tare__stack_view(&origins, 1);
    while (tare__stack_view_next(&view, &line)) {
        if (line.hidden)
            continue;
        strcat(shown, *shown != '\0' ? ";" : "");
        strcat(shown, line.truncated ? "!" : line.place->function == NULL ? "?" : line.place->function);
    }
    if (strcmp(shown, expected) != 0) {
        dprintf(2, "%s shows %s, not %s\n", stack, shown, expected);
        _exit(1);
    }
}

static void expect_pool(const char *stack, const char *expected)
{
    build(stack);
    const char *pool = tare__stack_pool(&origins, 1);
    if (strcmp(pool != NULL ? pool : "none", expected) != 0) {
        dprintf(2, "%s is of %s, not %s\n", stack, pool != NULL ? pool : "none", expected);
        _exit(1);
    }
}

#define START ";__libc_start_call_main@libc.so.6;__libc_start_main_impl@libc.so.6;_start"

static void hidden(void)
{
    expect_shown("f;main" START, "f;main");
    expect_shown("malloc@libtare.so.0;f;main" START, "f;main");
    expect_shown("tare__record;malloc;f;main" START, "f;main");
    expect_shown("strdup@libc.so.6;f;main" START, "strdup;f;main");
    expect_shown("run;start_thread@libc.so.6;clone3@libc.so.6", "run");
    /* Only the innermost helpers are. */
    expect_shown("operator new(unsigned long)@libstdc++.so.6;A::operator new(unsigned long);f",
                 "A::operator new(unsigned long);f");
    expect_shown("operator new(unsigned long);std::allocator_traits<std::allocator<int> "
                 ">::allocate(std::allocator<int>&, unsigned long);"
                 "std::_Vector_base<int, std::allocator<int> >::_M_allocate(unsigned "
                 "long);std::vector<int>::reserve(unsigned long);f",
                 "std::vector<int>::reserve(unsigned long);f");
    expect_shown("f;std::_Function_handler<void ()>::_M_invoke(std::_Any_data const&);main",
                 "f;std::_Function_handler<void ()>::_M_invoke(std::_Any_data const&);main");
    expect_shown("__rust_alloc;alloc::alloc::alloc;alloc::raw_vec::RawVec<T,A>::grow;alloc::vec::Vec<T,A>::push;f",
                 "alloc::vec::Vec<T,A>::push;f");
    /* Test frameworks. */
    expect_shown(
        "f;Parser_Test::TestBody();void testing::internal::HandleExceptionsInMethodIfSupported<testing::Test, "
        "void>(testing::Test*, void (testing::Test::*)(), char const*);testing::Test::Run();testing::TestInfo::Run();"
        "testing::UnitTest::Run();main" START,
        "f;Parser_Test::TestBody();main");
    expect_shown("f;CATCH2_INTERNAL_TEST_0();Catch::TestInvokerAsFunction::invoke() const;Catch::Session::run();main",
                 "f;CATCH2_INTERNAL_TEST_0();main");
    expect_shown("f;DOCTEST_ANON_FUNC_2();doctest::Context::run();main", "f;DOCTEST_ANON_FUNC_2();main");
    expect_shown("f;test_it;?@libcmocka.so.0;_cmocka_run_group_tests@libcmocka.so.0;main", "f;test_it;main");
    expect_shown("f;cmocka_run_one_test_or_fixture;main", "f;main");
    expect_shown("f;TEST_a_Test::testBody();helperDoTestBody;PlatformSpecificSetJmpImplementation;Utest::run();"
                 "UtestShell::runOneTest(TestPlugin*, TestResult&);TestRegistry::runAllTests(TestResult&);"
                 "CommandLineTestRunner::RunAllTests(int, char**);main",
                 "f;TEST_a_Test::testBody();main");
    expect_shown("f;test;tcase_run_tfun_nofork;srunner_run_all;main", "f;test;main");
    expect_shown("f;test;criterion_internal_test_main;bxfi_main", "f;test");
    expect_shown("f;test;test_case_run@libglib-2.0.so.0;g_test_run@libglib-2.0.so.0;main", "f;test;main");
    expect_shown("test_case_run;main", "test_case_run;main");
    /* Where nothing would be left, nothing is hidden. */
    expect_shown("malloc@libtare.so.0;_dl_init@ld-linux-x86-64.so.2", "malloc;_dl_init");
    /* What has no name in libc. */
    expect_shown("?@libc.so.6;setlocale@libc.so.6;main;?@libc.so.6;__libc_start_main@libc.so.6;_start",
                 "setlocale;main");
    expect_shown("?@libc.so.6;main;?@libc.so.6", "?;main");
    expect_shown("_IO_file_doallocate@libc.so.6;puts@libc.so.6;main", "puts;main");
    expect_shown("f;msort@libc.so.6;qsort@libc.so.6;g;bsearch@libc.so.6;main", "f;qsort;g;bsearch;main");
    expect_shown("compare;?@libc.so.6;qsort@libc.so.6;main", "compare;qsort;main");
    expect_shown("f;?@libc.so.6;?@libc.so.6", "f");
    expect_shown("?;main;?@libx.so", "?;main;?");
    /* Missing callers. */
    expect_shown("f;!", "f;!");
    expect_shown("f;main;_start;!", "f;main");
    expect_shown("f;_dl_start_user@ld-linux-x86-64.so.2;!", "f");
}

static void pools(void)
{
    expect_pool("malloc@libtare.so.0;_IO_file_doallocate@libc.so.6;puts@libc.so.6;main", "stdio");
    expect_pool("_IO_file_doallocate;puts;main", "none");
    expect_pool("__fopen_internal@libc.so.6;main", "none");
    expect_pool("_IO_getdelim@libc.so.6;main", "none");
    expect_pool("?@libc.so.6;setlocale@libc.so.6;main", "locale");
    expect_pool("__newlocale@libc.so.6;main", "locale");
    expect_pool("tzset_internal@libc.so.6;__tz_convert@libc.so.6;main", "time zone");
    expect_pool("_dlerror_run@libc.so.6;dlopen@libc.so.6;main", "dlerror");
    expect_pool("_dl_new_object@ld-linux-x86-64.so.2;dlopen@libc.so.6;main", "loaded modules");
    expect_pool("constructor@libplugin.so;call_init@ld-linux-x86-64.so.2;dlopen@libc.so.6;main", "none");
    expect_pool("strdup@libc.so.6;setlocale;main", "none");
    expect_pool("f;main", "none");
}

int main(void)
{
    hidden();
    pools();
    return 0;
}
