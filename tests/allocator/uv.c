/* SPDX-License-Identifier: MIT */
/* libuv over a counting allocator: timers, the thread pool, a pipe. */
#include <stdlib.h>
#include <tare/allocator/uv.h>

#include "books.h"

static int ticks, worked, done, bytes_read;
static uv_pipe_t ends[2];

static void tick(uv_timer_t *timer)
{
    if (++ticks == 5)
        uv_close((uv_handle_t *)timer, NULL);
}

static void work_of_pool(uv_work_t *request)
{
    __atomic_add_fetch((int *)request->data, 1, __ATOMIC_RELAXED);
}

static void work_is_done(uv_work_t *request, int status)
{
    (void)request;
    CHECK_EQUAL(status, 0);
    done++;
}

static char input[1000];

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    (void)handle, (void)suggested;
    *room = uv_buf_init(input, sizeof input);
}

static void is_read(uv_stream_t *stream, ssize_t bytes, const uv_buf_t *room)
{
    (void)stream, (void)room;
    CHECK(bytes > 0);
    bytes_read += (int)bytes;
    uv_close((uv_handle_t *)&ends[0], NULL);
    uv_close((uv_handle_t *)&ends[1], NULL);
}

static void is_written(uv_write_t *request, int status)
{
    (void)request;
    CHECK_EQUAL(status, 0);
}

static void run(void)
{
    enum { JOBS = 20, BUFFERS = 9 };
    uv_loop_t loop;
    uv_timer_t timer;
    uv_work_t jobs[JOBS];
    uv_write_t request;
    uv_file files[2];
    uv_buf_t parts[BUFFERS];
    ticks = worked = done = bytes_read = 0;
    CHECK_EQUAL(uv_loop_init(&loop), 0);
    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, tick, 1, 1);
    for (int i = 0; i < JOBS; i++) {
        jobs[i].data = &worked;
        CHECK_EQUAL(uv_queue_work(&loop, &jobs[i], work_of_pool, work_is_done), 0);
    }
    CHECK_EQUAL(uv_pipe(files, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), 0);
    for (int i = 0; i < 2; i++) {
        uv_pipe_init(&loop, &ends[i], 0);
        CHECK_EQUAL(uv_pipe_open(&ends[i], files[i]), 0);
    }
    for (int i = 0; i < BUFFERS; i++) /* more than a request holds itself */
        parts[i] = uv_buf_init("ten bytes.", 10);
    uv_read_start((uv_stream_t *)&ends[0], give_room, is_read);
    CHECK_EQUAL(uv_write(&request, (uv_stream_t *)&ends[1], parts, BUFFERS, is_written), 0);
    CHECK_EQUAL(uv_run(&loop, UV_RUN_DEFAULT), 0);
    CHECK_EQUAL(uv_loop_close(&loop), 0);
    CHECK_EQUAL(ticks, 5);
    CHECK_EQUAL(worked, JOBS);
    CHECK_EQUAL(done, JOBS);
    CHECK_EQUAL(bytes_read, 10 * BUFFERS);
}

static void environment(void)
{
    uv_env_item_t *items;
    int count;
    bool found = false;
    CHECK_EQUAL(uv_os_environ(&items, &count), 0);
    for (int i = 0; i < count; i++)
        found |= strcmp(items[i].name, "TARE_TEST") == 0 && strcmp(items[i].value, "value") == 0;
    CHECK(found);
    uv_os_free_environ(items, count);
}

int main(void)
{
    tare_stats stats;
    CHECK_EQUAL(tare_uv_use(&books_allocator), 0);
    CHECK(tare_uv_calloc_(SIZE_MAX / 2, 4) == NULL);
    CHECK_EQUAL(setenv("TARE_TEST", "value", 1), 0); /* this is libc's own, and malloc's */
    books_open();
    tare_measure(&stats, .domain = TARE_PROCESS) {
        run();
        environment();
        uv_library_shutdown();
    }
    check_books(&stats);
    CHECK(stats.allocations > 10);
    CHECK_EQUAL(stats.leaked_allocations, 0);
    return 0;
}
