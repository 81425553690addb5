/* SPDX-License-Identifier: MIT */
/* Every allocation of writing the page fails once: an error each time, or the same page. */
#include <string.h>

#include "failing_malloc.h"
#include "profile_of_snapshot.h"
#include "report.h"

#include "snapshot.h"

enum { ROOM = 1 << 20 };

/* Returns what the format does; the n-th call of it fails. */
static int write_page(const struct tare__profile *profile, char *text, size_t n)
{
    static char buffer[BUFSIZ];
    FILE *out = fmemopen(text, ROOM, "w");
    CHECK(out != NULL);
    setvbuf(out, buffer, _IOFBF, sizeof buffer);
    calls = 0;
    failing = n;
    int error = tare__format_named("html")->write_profile(profile, &(struct tare__report_options){0}, out);
    failing = 0;
    CHECK(fclose(out) == 0);
    return error;
}

int main(void)
{
    static char whole[ROOM], now[ROOM];
    struct tare__process processes[] = {build_process(), {.pid = 4243, .command = "child", .command_bytes = 6}};
    const struct tare__snapshot snapshot = {.processes = processes, .process_count = 2};
    struct tare__profile profile;
    CHECK_EQUAL(tare__profile_of_process(&snapshot, &processes[0], &profile), 0);
    CHECK_EQUAL(write_page(&profile, whole, 0), 0);
    size_t all = calls, errors = 0;
    CHECK_CONTAINS(whole, "</html>");
    CHECK(all > 1000);
    for (size_t n = 1; n <= all; n++) {
        int error = write_page(&profile, now, n);
        errors += error != 0;
        CHECK(error == ENOMEM || (error == 0 && strcmp(now, whole) == 0));
    }
    CHECK(errors > 1000);
    tare__profile_free(&profile);
    return 0;
}
