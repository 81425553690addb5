/* SPDX-License-Identifier: MIT */
/* tare_save(): what a scope has counted so far, for `tare report`. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <tare/tare.h>

#include "check.h"

static int told_error, told_errno;
static char told_message[4096];

static void remember(const tare_failure *failure, void *context)
{
    (void)context;
    told_error = failure->error;
    told_errno = errno;
    snprintf(told_message, sizeof told_message, "%s", failure->message);
}

static void check_error(int result, int expected)
{
    CHECK_EQUAL(result, expected);
    CHECK_EQUAL(told_error, expected);
    told_error = 0;
}

/* The figures of the file, as the command reads them. */
static void check_file(const char *path, const char *figure)
{
    char command[1024], printed[65536];
    const char *tare = getenv("TARE");
    if (CHECK_SANITIZED || tare == NULL)
        return;
    snprintf(command, sizeof command, "'%s' report --format json '%s'", tare, path);
    FILE *output = popen(command, "r");
    CHECK(output != NULL);
    size_t length = fread(printed, 1, sizeof printed - 1, output);
    printed[length] = '\0';
    CHECK_EQUAL(pclose(output), 0);
    CHECK_CONTAINS(printed, figure);
    CHECK_CONTAINS(printed, "\"name\": \"by hand\"");
}

int main(void)
{
    char directory[] = "/tmp/tare-save-XXXXXX", path[64], nowhere[64];
    tare_stats stats;
    struct stat status;
    CHECK(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/saved.tare", directory);
    snprintf(nowhere, sizeof nowhere, "%s/none/saved.tare", directory);
    tare_set_failure_handler(remember, NULL, NULL, NULL);

    tare_scope *scope = tare_open(.name = "by hand");
    void *block = malloc(100);
    CHECK(tare_save(scope, path) == 0);
    CHECK(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600);

    check_error(tare_save(scope, path), TARE_ERROR_CANT_SAVE);
    CHECK_EQUAL(errno, EEXIST);
    CHECK_CONTAINS(told_message, path);
    CHECK_CONTAINS(told_message, "File exists");
    CHECK_CONTAINS(told_message, "by hand");
    check_error(tare_save(scope, nowhere), TARE_ERROR_CANT_SAVE);
    CHECK_EQUAL(errno, ENOENT);
    check_error(tare_save(scope, NULL), TARE_ERROR_NULL_ARGUMENT);
    check_error(tare_save(NULL, path), TARE_ERROR_NULL_ARGUMENT);

    /* It has gone on meanwhile, and none of that counted. */
    free(block);
    CHECK(tare_close(scope, &stats) == 0);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.deallocations, 1);
    CHECK_EQUAL(stats.bytes_allocated, 100);
    check_error(tare_save(scope, nowhere), TARE_ERROR_NOT_OPEN);

    check_file(path, "\"leaked_bytes\": 100");
    CHECK(unlink(path) == 0);
    CHECK(rmdir(directory) == 0); /* nothing else is left */
    return 0;
}
