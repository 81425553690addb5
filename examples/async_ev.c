/* SPDX-License-Identifier: MIT */
/* libev: two requests that take turns on one loop, each measured apart. A timer
 * stands for the network. */
#include <ev.h>
#include <tare/tare.h>

#include "async_reply.h"

struct request {
    const char *name;
    size_t part_bytes;
    int parts_left;
    unsigned every_ms;
    ev_timer timer;
    struct reply reply;
    tare_scope *task;
};

static void finish(struct request *request, struct ev_loop *loop)
{
    tare_stats stats;
    tare_in_task(request->task) {
        reply_free(&request->reply);
    }
    tare_close(request->task, &stats);
    show(request->name, &stats);
    ev_timer_stop(loop, &request->timer);
}

static void on_part(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct request *request = timer->data;
    (void)events;
    tare_in_task(request->task) {
        reply_receive(&request->reply, request->part_bytes);
    }
    if (--request->parts_left == 0)
        finish(request, loop);
}

static void start(struct request *request, struct ev_loop *loop)
{
    request->task = tare_open(.name = request->name, .domain = TARE_TASK);
    ev_timer_init(&request->timer, on_part, request->every_ms / 1000., request->every_ms / 1000.);
    request->timer.data = request;
    ev_timer_start(loop, &request->timer);
}

int main(void)
{
    struct request small = {.name = "small", .part_bytes = 10, .parts_left = 3, .every_ms = 10};
    struct request large = {.name = "large", .part_bytes = 1000, .parts_left = 5, .every_ms = 15};
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    start(&small, loop);
    start(&large, loop);
    ev_run(loop, 0);
    ev_loop_destroy(loop);
    return 0;
}
