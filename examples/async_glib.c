/* SPDX-License-Identifier: MIT */
/* GLib: two requests that take turns on one main loop, each measured apart. A
 * timer stands for the network. */
#include <glib.h>
#include <tare/tare.h>

#include "async_reply.h"

struct request {
    const char *name;
    size_t part_bytes;
    int parts_left;
    unsigned every_ms;
    struct reply reply;
    tare_scope *task;
};

static GMainLoop *main_loop;
static int requests_left;

static void finish(struct request *request)
{
    tare_stats stats;
    tare_in_task(request->task) {
        reply_free(&request->reply);
    }
    tare_close(request->task, &stats);
    show(request->name, &stats);
    if (--requests_left == 0)
        g_main_loop_quit(main_loop);
}

static gboolean on_part(void *argument)
{
    struct request *request = argument;
    tare_in_task(request->task) {
        reply_receive(&request->reply, request->part_bytes);
    }
    if (--request->parts_left > 0)
        return G_SOURCE_CONTINUE;
    finish(request);
    return G_SOURCE_REMOVE;
}

static void start(struct request *request)
{
    requests_left++;
    request->task = tare_open(.name = request->name, .domain = TARE_TASK);
    g_timeout_add(request->every_ms, on_part, request);
}

int main(void)
{
    struct request small = {.name = "small", .part_bytes = 10, .parts_left = 3, .every_ms = 10};
    struct request large = {.name = "large", .part_bytes = 1000, .parts_left = 5, .every_ms = 15};
    main_loop = g_main_loop_new(NULL, FALSE);
    start(&small);
    start(&large);
    g_main_loop_run(main_loop);
    g_main_loop_unref(main_loop);
    return 0;
}
