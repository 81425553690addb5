/* SPDX-License-Identifier: MIT */
/* What is hidden, and which pools are the runtime's, is in tables of patterns over
 * bare names (function_name.h). */
#include "stack_view.h"

#include <string.h>

#include "function_name.h"
#include "pattern.h"
#include "pieces.h"

struct pattern {
    const char *function;
    const char *module; /* NULL for any */
};

/* Where a process or a thread begins: nothing is missing behind these. */
static const struct pattern bottoms[] = {
    {"_start", NULL}, {"_dl_start_user", NULL}, {"start_thread", NULL}, {"clone", NULL},
    {"clone3", NULL}, {"__clone", NULL},        {"__clone3", NULL},     {"thread_start", NULL},
};

/* Hidden wherever they stand. */
static const struct pattern others[] = {
    {"*", "libtare.so*"},
    {"*", "libtare-*"},
    {"tare_*", NULL},
    {"__libc_start_*", NULL},
    {"call_init", "ld-*"},
    {"_dl_init", "ld-*"},
    {"__run_exit_handlers", NULL},
    /* GoogleTest */
    {"testing::internal::*", NULL},
    {"testing::Test::Run*", NULL},
    {"testing::Test*Info::Run*", NULL},
    {"testing::TestSuite::Run*", NULL},
    {"testing::TestCase::Run*", NULL},
    {"testing::UnitTest::Run*", NULL},
    {"RUN_ALL_TESTS", NULL},
    {"*", "libgtest*"},
    /* Catch2, doctest */
    {"Catch::*", NULL},
    {"doctest::*", NULL},
    /* cmocka */
    {"*", "libcmocka*"},
    {"cmocka_run_*", NULL},
    {"_cmocka_run_*", NULL},
    /* Criterion and what it runs tests with */
    {"*", "libcriterion*"},
    {"criterion_*", NULL},
    {"cri_*", NULL},
    {"bxf_*", NULL},
    {"bxfi_*", NULL},
    /* CppUTest */
    {"Utest::run", NULL},
    {"UtestShell::*", NULL},
    {"TestRegistry::*", NULL},
    {"TestPlugin::*", NULL},
    {"CommandLineTestRunner::*", NULL},
    {"helperDo*", NULL},
    {"PlatformSpecificSetJmp*", NULL},
    {"*", "libCppUTest*"},
    /* Check */
    {"*", "libcheck.so*"},
    {"srunner_*", NULL},
    {"tcase_run_*", NULL},
    /* GLib */
    {"g_test_run*", NULL},
    {"test_case_run", "libglib-*"},
};

/* Hidden as long as nothing inside of them is shown. */
static const struct pattern helpers[] = {
    {"malloc", NULL},
    {"calloc", NULL},
    {"realloc", NULL},
    {"reallocarray", NULL},
    {"aligned_alloc", NULL},
    {"memalign", NULL},
    {"posix_memalign", NULL},
    {"valloc", NULL},
    {"pvalloc", NULL},
    {"__wrap_*", NULL},
    {"operator new", NULL},
    {"operator new[]", NULL},
    {"__gnu_cxx::*allocat*", NULL},
    {"std::allocator::*", NULL},
    {"std::allocator_traits::*", NULL},
    {"std::_*", NULL},
    {"std::*::_*", NULL},
    {"std::pmr::*", NULL},
    /* Rust */
    {"__rust_*", NULL},
    {"__rdl_*", NULL},
    {"__rg_*", NULL},
    {"alloc::alloc::*", NULL},
    {"<alloc::alloc::*", NULL},
    {"alloc::raw_vec::*", NULL},
};

/* What libc and the loader keep for as long as the process lives. Without the '_' that
 * their own names for one function begin with. */
static const struct {
    const char *function;
    const char *pool;
} pools[] = {
    {"IO_*doallocate", "stdio"},
    {"IO_*doallocbuf", "stdio"},
    {"dlerror*", "dlerror"},
    {"dl_exception_create*", "dlerror"},
    {"setlocale", "locale"},
    {"newlocale", "locale"},
    {"nl_*", "locale"},
    {"textdomain", "locale"},
    {"bindtextdomain", "locale"},
    {"*gettext", "locale"},
    {"tzset*", "time zone"},
    {"tz_convert", "time zone"},
    {"localtime*", "time zone"},
    {"mktime*", "time zone"},
    {"strftime*", "time zone"},
    {"cxa_atexit", "exit handlers"},
    {"atexit", "exit handlers"},
    {"setenv", "environment"},
    {"putenv", "environment"},
    {"add_to_environ", "environment"},
    {"gconv_*", "iconv"},
    {"iconv_open", "iconv"},
    {"dl_allocate_tls*", "threads"},
    {"pthread_create*", "threads"},
    {"dl_new_object", "loaded modules"},
    {"dl_map_object*", "loaded modules"},
    {"dlopen*", "loaded modules"}, /* the last two are all there is without libc's debug information */
    {"dlmopen*", "loaded modules"},
};

static const char *const libc_modules[] = {"libc.so*", "libc-*", "ld-*", "libdl*", "libpthread*"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

bool tare__stack_line_is_libc(const struct tare__stack_line *line)
{
    for (size_t i = 0; line->module != NULL && i < COUNT(libc_modules); i++)
        if (tare__matches(libc_modules[i], line->module->name))
            return true;
    return false;
}

static bool matches_one_of(const struct pattern *patterns, size_t count, const char *function, const char *module)
{
    for (size_t i = 0; i < count; i++)
        if (tare__matches(patterns[i].function, function) &&
            (patterns[i].module == NULL || tare__matches(patterns[i].module, module)))
            return true;
    return false;
}

static char *bare_name(char buffer[TARE__FUNCTION_NAME_BYTES], const struct tare__stack_line *line)
{
    bool named = line->place != NULL && line->place->function != NULL;
    return tare__function_bare_name(buffer, named ? line->place->function : "");
}

static bool is_hidden(struct tare__stack_view *view, const struct tare__stack_line *line)
{
    char function[TARE__FUNCTION_NAME_BYTES];
    bare_name(function, line);
    const char *module = line->module != NULL ? line->module->name : "";
    view->bottom = matches_one_of(bottoms, COUNT(bottoms), function, module);
    if (view->bottom || matches_one_of(others, COUNT(others), function, module))
        return true;
    view->inside = view->inside && matches_one_of(helpers, COUNT(helpers), function, module);
    return view->inside;
}

static const struct tare__snapshot_module *module_of(const struct tare__origins *origins,
                                                     const struct tare__snapshot_frame *frame)
{
    return frame->module != 0 && frame->module < origins->module_count ? &origins->modules[frame->module] : NULL;
}

/* Ids come from a file: who leads nowhere, or round in circles, ends the stack. */
static uint32_t caller_of(const struct tare__origins *origins, const struct tare__snapshot_frame *frame)
{
    if (frame->parent >= origins->frame_count || origins->frames[frame->parent].depth >= frame->depth)
        return 0;
    return frame->parent;
}

/* What libc's functions do among themselves is no news: of those that call one another
 * the one that was called is shown. Where there is no debug information it is the only
 * one that has a name, and what called main, or began a thread, has none. */
static bool is_inside_libc(const struct tare__origins *origins, const struct tare__stack_line *line, bool is_inlined)
{
    struct tare__stack_line outer = *line;
    char function[TARE__FUNCTION_NAME_BYTES];
    if (!tare__stack_line_is_libc(line) || is_inlined)
        return is_inlined && tare__stack_line_is_libc(line);
    bool is_unnamed = *bare_name(function, line) == '\0';
    do {
        uint32_t caller = caller_of(origins, outer.frame);
        if (caller == 0)
            return is_unnamed;
        const struct tare__snapshot_frame *frame = &origins->frames[caller];
        outer = (struct tare__stack_line){.frame = frame, .module = module_of(origins, frame)};
        if (frame->place_count > 0)
            outer.place = &origins->places[frame->first_place];
    } while (*bare_name(function, &outer) == '\0' && tare__stack_line_is_libc(&outer));
    bool is_named = *function != '\0' && tare__stack_line_is_libc(&outer);
    return is_named || (is_unnamed && matches_one_of(bottoms, COUNT(bottoms), function, ""));
}

static bool next(struct tare__stack_view *view, struct tare__stack_line *line)
{
    const struct tare__origins *origins = view->origins;
    if (view->frame == 0)
        return false;
    const struct tare__snapshot_frame *frame = &origins->frames[view->frame];
    *line = (struct tare__stack_line){.frame = frame, .truncated = (frame->flags & TARE__FRAME_TRUNCATED) != 0};
    line->module = module_of(origins, frame);
    if (view->place < frame->place_count)
        line->place = &origins->places[frame->first_place + view->place];
    bool is_inlined = ++view->place < frame->place_count;
    if (!is_inlined) {
        view->frame = caller_of(origins, frame);
        view->place = 0;
    }
    bool hidden = line->truncated ? view->bottom : is_hidden(view, line) || is_inside_libc(origins, line, is_inlined);
    line->hidden = hidden && (line->truncated || !view->show_all);
    return true;
}

struct tare__stack_view tare__stack_view(const struct tare__origins *origins, uint32_t stack)
{
    struct tare__stack_view view = {
        .origins = origins, .frame = stack < origins->frame_count ? stack : 0, .inside = true};
    struct tare__stack_view start = view;
    struct tare__stack_line line;
    start.show_all = true;
    while (next(&view, &line))
        if (!line.hidden && !line.truncated) {
            start.show_all = false;
            break;
        }
    return start;
}

bool tare__stack_view_next(struct tare__stack_view *view, struct tare__stack_line *line)
{
    return next(view, line);
}

const char *tare__truncation_text(uint64_t reason)
{
    switch (reason) {
    case TARE__TRUNCATED_NO_RULE:
        return "no unwind tables";
    case TARE__TRUNCATED_BAD_STACK:
        return "the unwind tables lead off the stack";
    case TARE__TRUNCATED_DEPTH:
        return "the depth that was asked for";
    default:
        return "no reason given";
    }
}

static const char *pool_of(const struct tare__stack_line *line)
{
    char function[TARE__FUNCTION_NAME_BYTES];
    const char *name = bare_name(function, line);
    name += strspn(name, "_");
    for (size_t i = 0; i < COUNT(pools); i++)
        if (tare__matches(pools[i].function, name))
            return pools[i].pool;
    return NULL;
}

/* As far as libc reaches from the inside: a constructor that dlopen() runs, or a
 * callback, allocates for itself. */
const char *tare__stack_pool(const struct tare__origins *origins, uint32_t stack)
{
    struct tare__stack_view view = tare__stack_view(origins, stack);
    struct tare__stack_line line;
    const char *pool = NULL;
    view.show_all = false;
    while (pool == NULL && next(&view, &line) && (line.hidden || tare__stack_line_is_libc(&line)))
        pool = tare__stack_line_is_libc(&line) ? pool_of(&line) : NULL;
    return pool;
}

const char *tare__site_pool(const struct tare__origins *origins, const struct tare__snapshot_site *site)
{
    return site->is_runtime ? "C++ runtime" : tare__stack_pool(origins, site->stack);
}
