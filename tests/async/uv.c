/* SPDX-License-Identifier: MIT */
/* tare_measure_async() on libuv. */
#include <stdlib.h>

#include <tare/async/uv.h>

#include "check.h"

struct timer {
    uv_timer_t handle;
    void (*fired)(struct timer *timer);
    void *data;
};

static void on_timer(uv_timer_t *handle)
{
    struct timer *timer = (struct timer *)handle;
    timer->fired(timer);
}

static void timer_start(struct timer *timer, void *loop, unsigned after_ms, bool repeats)
{
    uv_timer_init(loop, &timer->handle);
    uv_timer_start(&timer->handle, on_timer, after_ms, repeats ? after_ms : 0);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void timer_end(struct timer *timer)
{
    uv_close((uv_handle_t *)&timer->handle, on_closed);
}

static void *loop_make(void)
{
    uv_loop_t *loop = malloc(sizeof *loop);
    uv_loop_init(loop);
    return loop;
}

static void loop_run(void *loop)
{
    uv_run(loop, UV_RUN_DEFAULT);
}

static void loop_end(void *unused)
{
    (void)unused;
}

static void loop_free(void *loop)
{
    uv_run(loop, UV_RUN_DEFAULT);
    CHECK_EQUAL(uv_loop_close(loop), 0);
    free(loop);
}

#define EXECUTOR (&tare_uv)
#define ENDS_BY_ITSELF 1
#include "driven.h"

/* ---- The pool ------------------------------------------------------------- */

struct pool_work {
    uv_work_t request;
    tare_scope *task;
    void *block;
};

static void in_the_pool(uv_work_t *request)
{
    struct pool_work *work = request->data;
    free(malloc(3000)); /* nobody's */
    tare_in_task(work->task) {
        work->block = malloc(1000);
    }
}

static void after_the_pool(uv_work_t *request, int status)
{
    struct pool_work *work = request->data;
    CHECK_EQUAL(status, 0);
    free(work->block);
    free(work);
}

static void start_in_the_pool(void *loop, void *unused, tare_async *async)
{
    (void)unused;
    for (int i = 0; i < 4; i++) {
        struct pool_work *work = calloc(1, sizeof *work);
        work->request.data = work;
        work->task = tare_async_scope(async);
        CHECK_EQUAL(uv_queue_work(loop, &work->request, in_the_pool, after_the_pool), 0);
    }
}

/* What the pool does inside the task belongs to the work, and nothing else. */
static void pool(void)
{
    tare_stats stats;
    CHECK_EQUAL(tare_measure_async(&tare_uv, start_in_the_pool, NULL, &stats), 0);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_EQUAL(stats.allocations, 8);
    CHECK_EQUAL(stats.bytes_allocated, 4 * (1000 + sizeof(struct pool_work)));
    CHECK_EQUAL(stats.deallocations, 8);
    CHECK_EQUAL(stats.leaked_allocations, 0);
    CHECK(stats.peak_bytes >= 4 * sizeof(struct pool_work) + 1000);
}

static sem_t pool_may_end;
static bool pool_ended;

static void wait_in_the_pool(uv_work_t *unused)
{
    (void)unused;
    sem_wait(&pool_may_end);
}

static void when_pool_ended(uv_work_t *request, int status)
{
    (void)request, (void)status;
    pool_ended = true;
}

static void *end_pool(void *unused)
{
    usleep(100000);
    sem_post(&pool_may_end);
    return unused;
}

static void start_and_leave_pool(void *loop, void *request, tare_async *async)
{
    uv_queue_work(loop, request, wait_in_the_pool, when_pool_ended);
    tare_async_done(async);
}

/* Work that is done while its pool is not: the loop is freed after that. */
static void pool_outlives_work(void)
{
    uv_work_t request;
    pthread_t ender;
    tare_stats stats;
    sem_init(&pool_may_end, 0, 0);
    CHECK_EQUAL(pthread_create(&ender, NULL, end_pool, NULL), 0);
    CHECK_EQUAL(tare_measure_async(&tare_uv, start_and_leave_pool, &request, &stats), 0);
    CHECK(pool_ended);
    CHECK_EQUAL(stats.allocations, 0);
    pthread_join(ender, NULL);
}

/* ---- Descriptors ------------------------------------------------------------- */

struct channel {
    uv_pipe_t ends[2];
    char buffer[16];
    int closed;
};

static void on_channel_closed(uv_handle_t *handle)
{
    struct channel *channel = handle->data;
    if (++channel->closed == 2)
        free(channel);
}

static void give_buffer(uv_handle_t *handle, size_t unused, uv_buf_t *buffer)
{
    (void)unused;
    struct channel *channel = handle->data;
    *buffer = uv_buf_init(channel->buffer, sizeof channel->buffer);
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    struct channel *channel = stream->data;
    CHECK_EQUAL(length, 5);
    CHECK_EQUAL(memcmp(buffer->base, "hello", 5), 0);
    for (int i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&channel->ends[i], on_channel_closed);
}

static void on_written(uv_write_t *request, int status)
{
    CHECK_EQUAL(status, 0);
    free(request);
}

static void start_channel(void *loop, void *unused, tare_async *async)
{
    (void)unused, (void)async;
    uv_file descriptors[2];
    static char hello[] = "hello";
    struct channel *channel = calloc(1, sizeof *channel);
    CHECK_EQUAL(uv_pipe(descriptors, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), 0);
    for (int i = 0; i < 2; i++) {
        CHECK_EQUAL(uv_pipe_init(loop, &channel->ends[i], 0), 0);
        CHECK_EQUAL(uv_pipe_open(&channel->ends[i], descriptors[i]), 0);
        channel->ends[i].data = channel;
    }
    uv_write_t *request = malloc(sizeof *request);
    uv_buf_t buffer = uv_buf_init(hello, 5);
    CHECK_EQUAL(uv_write(request, (uv_stream_t *)&channel->ends[1], &buffer, 1, on_written), 0);
    CHECK_EQUAL(uv_read_start((uv_stream_t *)&channel->ends[0], give_buffer, on_read), 0);
}

/* The loop's table of descriptors is no part of the work, whatever their numbers. */
static void descriptors(void)
{
    tare_stats few, many;
    int opened[200];
    CHECK_EQUAL(tare_measure_async(&tare_uv, start_channel, NULL, &few), 0);
    for (int i = 0; i < 200; i++)
        opened[i] = dup(0);
    CHECK_EQUAL(tare_measure_async(&tare_uv, start_channel, NULL, &many), 0);
    for (int i = 0; i < 200; i++)
        close(opened[i]);
    CHECK(tare_stats_equal(&few, &many));
    CHECK_EQUAL(few.allocations, 2);
    CHECK_EQUAL(few.bytes_allocated, sizeof(struct channel) + sizeof(uv_write_t));
    CHECK_EQUAL(few.deallocations, 2);
}

int main(void)
{
    driven();
    pool();
    pool_outlives_work();
    descriptors();
    return 0;
}
