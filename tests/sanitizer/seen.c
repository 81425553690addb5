/* SPDX-License-Identifier: MIT */
/*
 * What tare asks of the system and of libc, by functions that the sanitizer stands
 * before. It would take a mapping for the one that was there before, and a thread
 * for one that runs on, where it had not seen the end of the former.
 */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <threads.h>
#include <time.h>

#define NS_PER_S 1000000000

void *__real_malloc(size_t size);
void __real_free(void *block);
int __real_pthread_create(pthread_t *id, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);
int __real_pthread_join(pthread_t id, void **result);
int __real_pthread_timedjoin_np(pthread_t id, void **result, const struct timespec *deadline);

void __wrap_tare__os_unmap(void *address, size_t bytes);
int seen_clockjoin(pthread_t id, void **result, clockid_t clock, const struct timespec *deadline);
int seen_thrd_create(thrd_t *id, thrd_start_t start, void *argument);
int seen_thrd_join(thrd_t id, int *result);

void __wrap_tare__os_unmap(void *address, size_t bytes)
{
    int saved_errno = errno;
    munmap(address, bytes);
    errno = saved_errno;
}

static int64_t ns_of(const struct timespec *time)
{
    return (int64_t)time->tv_sec * NS_PER_S + time->tv_nsec;
}

int seen_clockjoin(pthread_t id, void **result, clockid_t clock, const struct timespec *deadline)
{
    struct timespec now, here;
    clock_gettime(clock, &now);
    clock_gettime(CLOCK_REALTIME, &here);
    int64_t until_ns = ns_of(&here) + ns_of(deadline) - ns_of(&now);
    return __real_pthread_timedjoin_np(id, result, &(struct timespec){until_ns / NS_PER_S, until_ns % NS_PER_S});
}

struct c11_thread {
    thrd_start_t start;
    void *argument;
};

static void *run(void *argument)
{
    struct c11_thread thread = *(struct c11_thread *)argument;
    __real_free(argument);
    return (void *)(intptr_t)thread.start(thread.argument);
}

int seen_thrd_create(thrd_t *id, thrd_start_t start, void *argument)
{
    struct c11_thread *thread = __real_malloc(sizeof *thread);
    *thread = (struct c11_thread){start, argument};
    return __real_pthread_create(id, NULL, run, thread) == 0 ? thrd_success : thrd_error;
}

int seen_thrd_join(thrd_t id, int *result)
{
    void *returned;
    if (__real_pthread_join(id, &returned) != 0)
        return thrd_error;
    if (result != NULL)
        *result = (int)(intptr_t)returned;
    return thrd_success;
}
