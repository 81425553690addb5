/* SPDX-License-Identifier: MIT */
/* Every allocation of drawing a flame graph fails once: an error each time, or the same graph. */
#include "failing_malloc.h"
#include "flame.h"

static struct tare__profile profile;

static void fill(void)
{
    static const struct tare__profile_type types[] = {{"alloc_space", "bytes"}, {"alloc_objects", "count"}};
    CHECK_EQUAL(tare__profile_init(&profile, types, 2), 0);
    const struct tare__profile_module module = {.path = "/bin/program"};
    uint32_t stack = 0, in = tare__profile_add_module(&profile, &module);
    char name[32];
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "function %d", i);
        const struct tare__profile_frame frame = {.function = name, .file = "a.c", .line = 1, .module = in};
        stack = tare__profile_add_stack(&profile, i % 5 == 0 ? 0 : stack, tare__profile_add_frame(&profile, &frame));
        CHECK_EQUAL(tare__profile_add_sample(&profile, stack, 0, (const int64_t[]){100 + i, 1}), 0);
    }
}

enum { ROOM = 1 << 20 };

/* Returns what tare__flame_write() does; the n-th call of it fails. */
static int draw(char *text, size_t n)
{
    static char buffer[BUFSIZ];
    FILE *out = fmemopen(text, ROOM, "w");
    CHECK(out != NULL);
    setvbuf(out, buffer, _IOFBF, sizeof buffer);
    calls = 0;
    failing = n;
    int error = tare__flame_write(&(struct tare__flame_request){.profile = &profile}, out);
    failing = 0;
    CHECK(fclose(out) == 0);
    return error;
}

int main(void)
{
    static char whole[ROOM], now[ROOM];
    fill();
    CHECK_EQUAL(draw(whole, 0), 0);
    size_t all = calls, errors = 0;
    CHECK_CONTAINS(whole, "</svg>");
    CHECK(all > 10);
    for (size_t n = 1; n <= all; n++) {
        int error = draw(now, n);
        errors += error != 0;
        CHECK(error == ENOMEM || (error == 0 && strcmp(now, whole) == 0));
    }
    CHECK(errors > 10);
    tare__profile_free(&profile);
    return 0;
}
