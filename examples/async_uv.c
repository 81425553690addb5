/* SPDX-License-Identifier: MIT */
/* libuv: two requests that take turns on one loop, each measured apart. A timer
 * stands for the network. */
#include <tare/tare.h>
#include <uv.h>

#include "async_reply.h"

struct request {
    const char *name;
    size_t part_bytes;
    int parts_left;
    unsigned every_ms;
    uv_timer_t timer;
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
    uv_close((uv_handle_t *)&request->timer, NULL);
}

static void on_part(uv_timer_t *timer)
{
    struct request *request = timer->data;
    tare_in_task(request->task) {
        reply_receive(&request->reply, request->part_bytes);
    }
    if (--request->parts_left == 0)
        finish(request);
}

static void start(struct request *request, uv_loop_t *loop)
{
    request->task = tare_open(.name = request->name, .domain = TARE_TASK);
    request->timer.data = request;
    uv_timer_init(loop, &request->timer);
    uv_timer_start(&request->timer, on_part, request->every_ms, request->every_ms);
}

int main(void)
{
    struct request small = {.name = "small", .part_bytes = 10, .parts_left = 3, .every_ms = 10};
    struct request large = {.name = "large", .part_bytes = 1000, .parts_left = 5, .every_ms = 15};
    uv_loop_t loop;
    uv_loop_init(&loop);
    start(&small, &loop);
    start(&large, &loop);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}
