/* SPDX-License-Identifier: MIT */
/* Pitfall 49: libc's own helpers allocate, and go through tare. Each is seen,
 * and leaves nothing behind where its counterpart is called. */
#include <dirent.h>
#include <glob.h>
#include <iconv.h>
#include <locale.h>
#include <netdb.h>
#include <regex.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <tare/tare.h>

#include "check.h"

static void use_strdup(void)
{
    free(strdup("whoa"));
}
static void use_strndup(void)
{
    free(strndup("whoa", 2));
}

static void use_asprintf(void)
{
    char *text = NULL;
    CHECK_EQUAL(asprintf(&text, "%d", 42), 2);
    free(text);
}

static void use_getline(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char *line = NULL;
    size_t size = 0;
    CHECK(file != NULL && getline(&line, &size, file) > 0);
    free(line);
    fclose(file);
}

static void use_open_memstream(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    CHECK(file != NULL);
    fputs("whoa", file);
    fclose(file);
    CHECK_EQUAL(size, 4);
    free(text);
}

static void use_fopen(void)
{
    FILE *file = fopen("/dev/null", "r");
    CHECK(file != NULL);
    fclose(file);
}

static void use_opendir(void)
{
    DIR *directory = opendir("/");
    CHECK(directory != NULL && readdir(directory) != NULL);
    closedir(directory);
}

static void use_glob(void)
{
    glob_t found;
    CHECK_EQUAL(glob("/*", 0, NULL, &found), 0);
    globfree(&found);
}

static void use_regcomp(void)
{
    regex_t pattern;
    CHECK_EQUAL(regcomp(&pattern, "w(h|H)oa+", REG_EXTENDED), 0);
    CHECK_EQUAL(regexec(&pattern, "whoa", 0, NULL, 0), 0);
    regfree(&pattern);
}

static void use_getaddrinfo(void)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    CHECK_EQUAL(getaddrinfo("127.0.0.1", NULL, &hints, &found), 0);
    freeaddrinfo(found);
}

/* "C" is the one locale that every system has; by another name it is loaded. */
static void use_setlocale(void)
{
    CHECK(setlocale(LC_ALL, "C.UTF-8") != NULL);
    CHECK(setlocale(LC_ALL, "C") != NULL);
}

/* The environment keeps its strings, so nothing balances here. */
static void use_setenv(void)
{
    CHECK_EQUAL(setenv("TARE_TEST_VARIABLE", "whoa", 1), 0);
    unsetenv("TARE_TEST_VARIABLE");
}

static int compare(const void *a, const void *b)
{
    return (a > b) - (a < b);
}

static void use_tsearch(void)
{
    static int keys[3];
    void *root = NULL;
    for (int i = 0; i < 3; i++)
        CHECK(tsearch(&keys[i], &root, compare) != NULL);
    for (int i = 0; i < 3; i++)
        tdelete(&keys[i], &root, compare);
    CHECK(root == NULL);
}

static void use_iconv(void)
{
    iconv_t converter = iconv_open("UTF-8", "ISO-8859-1");
    CHECK(converter != (iconv_t)-1);
    iconv_close(converter);
}

static void use_popen(void)
{
    FILE *pipe = popen("true", "r");
    CHECK(pipe != NULL);
    CHECK_EQUAL(pclose(pipe), 0);
}

static const struct helper {
    const char *name;
    void (*use)(void);
    bool keeps; /* libc keeps something, by design */
} helpers[] = {
    {"strdup", use_strdup, false},
    {"strndup", use_strndup, false},
    {"asprintf", use_asprintf, false},
    {"getline", use_getline, false},
    {"open_memstream", use_open_memstream, false},
    {"fopen", use_fopen, false},
    {"opendir", use_opendir, false},
    {"glob", use_glob, false},
    {"regcomp", use_regcomp, false},
    {"getaddrinfo", use_getaddrinfo, false},
    {"setlocale", use_setlocale, true},
    {"setenv", use_setenv, true},
    {"tsearch", use_tsearch, false},
    {"iconv_open", use_iconv, true},
    {"popen", use_popen, false},
};

static void check(const struct helper *helper, const tare_stats *stats, bool warm)
{
    bool balanced = stats->leaked_allocations == 0 && stats->allocations == stats->deallocations;
    if (stats->inexact == 0 && stats->allocations >= 1 && (balanced || helper->keeps || !warm))
        return;
    char text[1024];
    tare_stats_format(stats, text, sizeof text);
    dprintf(2, "%s, %s time:\n%s", helper->name, warm ? "second" : "first", text);
    _exit(1);
}

static bool has_locale(void)
{
    bool has = setlocale(LC_ALL, "C.UTF-8") != NULL;
    setlocale(LC_ALL, "C");
    return has;
}

int main(void)
{
    for (size_t i = 0; i < sizeof helpers / sizeof *helpers; i++) {
        if (helpers[i].use == use_setlocale && !has_locale())
            continue; /* no locale but "C" here, and that one needs no memory */
        tare_stats stats;
        tare_measure(&stats)
            helpers[i].use();
        check(&helpers[i], &stats, false);
        if (helpers[i].keeps)
            continue;
        tare_measure(&stats)
            helpers[i].use(); /* what libc keeps, it keeps from the first time */
        check(&helpers[i], &stats, true);
    }
    return 0;
}
