/* SPDX-License-Identifier: MIT */
/* libevent: two requests that take turns on one base, each measured apart. A
 * timer stands for the network. */
#include <event2/event.h>
#include <tare/tare.h>

#include "async_reply.h"

struct request {
    const char *name;
    size_t part_bytes;
    int parts_left;
    unsigned every_ms;
    struct event *timer;
    struct reply reply;
    tare_scope *task;
};

static void finish(struct request *request)
{
    tare_stats stats;
    tare_in_task(request->task) {
        reply_free(&request->reply);
    }
    tare_close(request->task, &stats);
    show(request->name, &stats);
    event_free(request->timer);
}

static void on_part(evutil_socket_t descriptor, short what, void *argument)
{
    struct request *request = argument;
    (void)descriptor, (void)what;
    tare_in_task(request->task) {
        reply_receive(&request->reply, request->part_bytes);
    }
    if (--request->parts_left == 0)
        finish(request);
}

static void start(struct request *request, struct event_base *base)
{
    const struct timeval every = {.tv_usec = request->every_ms * 1000};
    request->task = tare_open(.name = request->name, .domain = TARE_TASK);
    request->timer = event_new(base, -1, EV_PERSIST, on_part, request);
    event_add(request->timer, &every);
}

int main(void)
{
    struct request small = {.name = "small", .part_bytes = 10, .parts_left = 3, .every_ms = 10};
    struct request large = {.name = "large", .part_bytes = 1000, .parts_left = 5, .every_ms = 15};
    struct event_base *base = event_base_new();
    start(&small, base);
    start(&large, base);
    event_base_dispatch(base);
    event_base_free(base);
    return 0;
}
