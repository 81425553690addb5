/* SPDX-License-Identifier: MIT */
/* libuv: four requests whose work is done in libuv's thread pool, each measured
 * apart. What the pool does is the request's while the pool's thread is inside
 * its task; the rest is done on the loop. */
#include <tare/tare.h>
#include <uv.h>

#include "async_reply.h"

enum { REQUESTS = 4 };

struct request {
    char name[16];
    size_t bytes;
    uv_work_t work;
    struct reply reply;
    tare_scope *task;
};

/* In a thread of the pool, beside the others. */
static void receive(uv_work_t *work)
{
    struct request *request = work->data;
    tare_in_task(request->task) {
        for (int i = 0; i < 100; i++)
            reply_receive(&request->reply, request->bytes);
    }
}

/* On the loop. */
static void on_received(uv_work_t *work, int status)
{
    struct request *request = work->data;
    (void)status;
    tare_in_task(request->task) {
        reply_free(&request->reply);
    }
}

int main(void)
{
    struct request requests[REQUESTS] = {0};
    uv_loop_t loop;
    uv_loop_init(&loop);
    for (size_t i = 0; i < REQUESTS; i++) {
        struct request *request = &requests[i];
        snprintf(request->name, sizeof request->name, "request %zu", i);
        request->bytes = 10 * (i + 1);
        request->work.data = request;
        request->task = tare_open(.name = request->name, .domain = TARE_TASK);
        uv_queue_work(&loop, &request->work, receive, on_received);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < REQUESTS; i++) {
        tare_stats stats;
        tare_close(requests[i].task, &stats);
        show(requests[i].name, &stats);
    }
    return uv_loop_close(&loop);
}
