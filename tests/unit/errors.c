/* SPDX-License-Identifier: MIT */
/* Mistakes: each is a clear error with a message that names the function, none
 * is a crash, *stats stays as it was, and by default the program is aborted. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <tare/tare.h>

#include "check.h"

static struct {
    int calls;
    int error;
    char message[1024];
} told;

static void remember(const tare_failure *failure, void *context)
{
    (void)context;
    told.calls++;
    told.error = failure->error;
    CHECK(failure->stats == NULL);
    snprintf(told.message, sizeof told.message, "%s", failure->message);
}

/* Exactly one failure was told: this error, in this function. */
static void check_told(int error, const char *function)
{
    CHECK_EQUAL(told.calls, 1);
    CHECK_EQUAL(told.error, error);
    CHECK(strncmp(told.message, "tare: ", 6) == 0);
    CHECK_CONTAINS(told.message, function);
    CHECK_CONTAINS(told.message, tare_error_text(error));
    CHECK_EQUAL(told.message[strlen(told.message) - 1], '\n');
    memset(&told, 0, sizeof told);
}

static tare_stats untouched;
static tare_stats stats;

#define CHECK_ERROR(error, function, call)                                                                             \
    do {                                                                                                               \
        memset(&untouched, 0x5a, sizeof untouched);                                                                    \
        stats = untouched;                                                                                             \
        CHECK_EQUAL(call, error);                                                                                      \
        check_told(error, function);                                                                                   \
        CHECK(tare_stats_equal(&stats, &untouched));                                                                   \
    } while (0)

static void check_null_arguments(void)
{
    CHECK(tare_open_with(NULL) == NULL);
    check_told(TARE_ERROR_NULL_ARGUMENT, "tare_open");
    CHECK_ERROR(TARE_ERROR_NULL_ARGUMENT, "tare_read", tare_read(NULL, &stats));
    CHECK_ERROR(TARE_ERROR_NULL_ARGUMENT, "tare_reset", tare_reset(NULL, &stats));
    CHECK_ERROR(TARE_ERROR_NULL_ARGUMENT, "tare_close", tare_close(NULL, &stats));

    tare_scope *scope = tare_open();
    CHECK_ERROR(TARE_ERROR_NULL_ARGUMENT, "tare_read", tare_read(scope, NULL));
    CHECK_EQUAL(tare_reset(scope, NULL), 0); /* these two may do without */
    CHECK_EQUAL(tare_close(scope, NULL), 0);

    tare_stats none = tare_measured(NULL, NULL);
    check_told(TARE_ERROR_NULL_ARGUMENT, "tare_measured");
    CHECK_EQUAL(none.inexact, TARE_INEXACT_NOT_ATTACHED); /* never zeros */
    CHECK_EQUAL(none.allocations, -1);

    tare_stats *volatile nowhere = NULL;
    bool ran = false;
    tare_measure(nowhere)
        ran = true;
    check_told(TARE_ERROR_NULL_ARGUMENT, "tare_measure");
    CHECK(ran);
    CHECK(!tare_check(nowhere, .allocations = tare_none));
    check_told(TARE_ERROR_NULL_ARGUMENT, "tare_check");
    tare_set_failure_handler(remember, NULL, NULL, NULL);
}

static void check_all_not_open(tare_scope *scope)
{
    CHECK_ERROR(TARE_ERROR_NOT_OPEN, "tare_read", tare_read(scope, &stats));
    CHECK_ERROR(TARE_ERROR_NOT_OPEN, "tare_reset", tare_reset(scope, &stats));
    CHECK_ERROR(TARE_ERROR_NOT_OPEN, "tare_close", tare_close(scope, &stats));
    CHECK_ERROR(TARE_ERROR_NOT_OPEN, "tare_close", tare_close(scope, NULL));
}

/* A closed scope is known as such for ever, though what it was made of is used
 * again by every later one. */
static void check_closed_scopes(void)
{
    static tare_scope *closed[1000];
    for (int i = 0; i < 1000; i++) {
        closed[i] = tare_open(.domain = i % 2 == 0 ? TARE_THREAD : TARE_PROCESS);
        CHECK_EQUAL(tare_close(closed[i], NULL), 0);
    }
    tare_scope *open = tare_open();
    for (int i = 0; i < 1000; i++) {
        CHECK(closed[i] != open);
        check_all_not_open(closed[i]);
    }
    CHECK_EQUAL(tare_close(open, &stats), 0);
    CHECK_EQUAL(stats.inexact, 0);
}

static void check_garbage(void)
{
    tare_scope *open = tare_open();
    uintptr_t handle = (uintptr_t)open;
    const uintptr_t garbage[] = {1,
                                 2,
                                 0xffff,
                                 0x7fffffffffff,
                                 UINTPTR_MAX,
                                 UINTPTR_MAX / 2,
                                 handle + 1,
                                 handle - 1,
                                 handle * 2,
                                 ~handle,
                                 handle | (uintptr_t)1 << 63,
                                 (uintptr_t)&stats,
                                 (uintptr_t)&told};
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++)
        check_all_not_open((tare_scope *)garbage[i]);
    CHECK_EQUAL(tare_close(open, &stats), 0);
}

static void check_domains(void)
{
    static const int domains[] = {-1, 1000, 0x7fffffff};
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        CHECK(tare_open(.domain = (tare_domain)domains[i]) == NULL);
        check_told(TARE_ERROR_BAD_DOMAIN, "tare_open");
        stats = (tare_stats){0};
        tare_measure(&stats, .domain = (tare_domain)domains[i]) {
        }
        check_told(TARE_ERROR_BAD_DOMAIN, "tare_measure");
        CHECK_EQUAL(stats.inexact, TARE_INEXACT_NOT_ATTACHED); /* nothing was measured */
        tare_expect(.domain = (tare_domain)domains[i], .allocations = tare_none) {
        }
        check_told(TARE_ERROR_BAD_DOMAIN, "tare_expect");
    }
}

static void *from_another_thread(void *scope)
{
    CHECK_ERROR(TARE_ERROR_WRONG_THREAD, "tare_read: the first's: ", tare_read(scope, &stats));
    CHECK_ERROR(TARE_ERROR_WRONG_THREAD, "tare_reset: the first's: ", tare_reset(scope, &stats));
    CHECK_ERROR(TARE_ERROR_WRONG_THREAD, "tare_close: the first's: ", tare_close(scope, &stats));
    return NULL;
}

static void *close_process_scope(void *scope)
{
    CHECK_EQUAL(tare_read(scope, &stats), 0);
    CHECK_EQUAL(tare_close(scope, &stats), 0);
    return NULL;
}

static void run_thread(void *(*function)(void *), void *argument)
{
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, function, argument), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
}

static void check_threads(void)
{
    tare_scope *scope = tare_open(.name = "the first's");
    run_thread(from_another_thread, scope);
    free(malloc(10));
    CHECK_EQUAL(tare_close(scope, &stats), 0); /* none of it harmed the scope */
    CHECK(stats.allocations >= 1);
    CHECK_EQUAL(stats.inexact, 0);

    scope = tare_open(.domain = TARE_PROCESS);
    run_thread(close_process_scope, scope); /* any thread may */
    CHECK_EQUAL(told.calls, 0);
    check_all_not_open(scope);
}

static void *leave_only(void *task)
{
    CHECK_ERROR(TARE_ERROR_NOT_ENTERED, "tare_task_leave: the task: ", tare_task_leave(task));
    return NULL;
}

static pthread_barrier_t barrier;

static void *enter_and_wait(void *task)
{
    CHECK_EQUAL(tare_task_enter(task), 0);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    CHECK_EQUAL(tare_task_leave(task), 0);
    return NULL;
}

static void check_tasks(void)
{
    tare_scope *task = tare_open(.domain = TARE_TASK, .name = "the task"), *thread = tare_open();
    CHECK_ERROR(TARE_ERROR_NOT_ENTERED, "tare_task_leave: the task: ", tare_task_leave(task));
    CHECK_EQUAL(tare_task_enter(task), 0);
    run_thread(leave_only, task); /* inside is this thread, not that one */
    CHECK_ERROR(TARE_ERROR_ENTERED, "tare_close: the task: ", tare_close(task, &stats));
    CHECK_EQUAL(tare_task_leave(task), 0);
    CHECK_ERROR(TARE_ERROR_NOT_ENTERED, "tare_task_leave: the task: ", tare_task_leave(task));

    pthread_t other;
    CHECK_EQUAL(pthread_barrier_init(&barrier, NULL, 2), 0);
    CHECK_EQUAL(pthread_create(&other, NULL, enter_and_wait, task), 0);
    pthread_barrier_wait(&barrier);
    CHECK_ERROR(TARE_ERROR_ENTERED, "tare_close: the task: ", tare_close(task, &stats));
    pthread_barrier_wait(&barrier);
    CHECK_EQUAL(pthread_join(other, NULL), 0);

    CHECK_ERROR(TARE_ERROR_WRONG_DOMAIN, "tare_task_enter", tare_task_enter(thread));
    CHECK_ERROR(TARE_ERROR_WRONG_DOMAIN, "tare_task_leave", tare_task_leave(thread));
    CHECK_ERROR(TARE_ERROR_NULL_ARGUMENT, "tare_task_enter", tare_task_enter(NULL));
    CHECK_ERROR(TARE_ERROR_NULL_ARGUMENT, "tare_task_leave", tare_task_leave(NULL));
    CHECK_EQUAL(tare_close(task, &stats), 0);
    CHECK_EQUAL(stats.inexact, 0);
    CHECK_ERROR(TARE_ERROR_NOT_OPEN, "tare_task_enter", tare_task_enter(task));
    CHECK_ERROR(TARE_ERROR_NOT_OPEN, "tare_task_leave", tare_task_leave(task));
    bool ran = false;
    tare_in_task(task)
        ran = true;
    check_told(TARE_ERROR_NOT_OPEN, "errors.c");
    tare_in_task(NULL) {
    }
    check_told(TARE_ERROR_NULL_ARGUMENT, "tare_in_task");
    CHECK(ran);
    CHECK_EQUAL(tare_close(thread, NULL), 0);
}

static void *join_own_family(void *family)
{
    CHECK_ERROR(TARE_ERROR_WRONG_THREAD, "tare_join_family: mine: ", tare_join_family(family, 0));
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return NULL;
}

static void check_families(void)
{
    tare_scope *thread = tare_open();
    CHECK_ERROR(TARE_ERROR_NOT_OPEN, "tare_join_family", tare_join_family(NULL, 0)); /* this thread has none */
    CHECK_ERROR(TARE_ERROR_WRONG_DOMAIN, "tare_join_family", tare_join_family(thread, 0));
    tare_scope *family = tare_open(.domain = TARE_FAMILY, .name = "mine");
    pthread_t member;
    CHECK_EQUAL(pthread_create(&member, NULL, join_own_family, family), 0);
    pthread_barrier_wait(&barrier);
    CHECK_ERROR(TARE_ERROR_TIMEOUT, "tare_join_family: mine: ", tare_join_family(family, 0));
    CHECK_ERROR(TARE_ERROR_TIMEOUT, "tare_join_family: mine: ", tare_join_family(family, 20));
    CHECK_ERROR(TARE_ERROR_TIMEOUT, "tare_join_family: ", tare_join_family(NULL, 0));
    pthread_barrier_wait(&barrier);
    CHECK_EQUAL(tare_join_family(family, -1), 0);
    pthread_join(member, NULL);
    CHECK_EQUAL(tare_join_family(NULL, 0), 0);
    CHECK_EQUAL(tare_close(family, &stats), 0);
    CHECK_ERROR(TARE_ERROR_NOT_OPEN, "tare_join_family", tare_join_family(family, 0));
    CHECK_EQUAL(tare_close(thread, NULL), 0);
}

static pthread_key_t key;
static int rounds, opened, busy;

/* Runs in every round of destructors of an ending thread. */
static void open_late(void *round)
{
    rounds++;
    tare_scope *scope = tare_open();
    if (scope != NULL) {
        opened++;
        CHECK_EQUAL(tare_close(scope, NULL), 0);
    } else {
        check_told(TARE_ERROR_BUSY, "tare_open");
        busy++;
    }
    pthread_setspecific(key, round);
}

static void *end_slowly(void *unused)
{
    (void)unused;
    free(malloc(10));
    pthread_setspecific(key, &rounds);
    return NULL;
}

/* The last destructors of a thread come after its end as tare knows it: they
 * are told so, and get no scope that nobody would close. */
static void check_after_end(void)
{
    CHECK_EQUAL(pthread_key_create(&key, open_late), 0);
    run_thread(end_slowly, NULL);
    CHECK(rounds > 1);
    CHECK_EQUAL(opened + busy, rounds);
    CHECK(busy >= 1);
    pthread_key_delete(key);
    free(malloc(10));
    tare_measure(&stats)
        free(malloc(10));
    CHECK_EQUAL(stats.allocations, 1);
    CHECK_EQUAL(stats.inexact, 0);
}

static void close_twice(void)
{
    tare_set_failure_handler(NULL, NULL, NULL, NULL);
    tare_scope *scope = tare_open();
    tare_close(scope, NULL);
    tare_close(scope, NULL);
}

/* The default: one message on stderr, then abort. */
static void check_default(void)
{
    int ends[2], status = 0;
    CHECK_EQUAL(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close_twice();
        _exit(0);
    }
    close(ends[1]);
    char printed[1024];
    ssize_t length = read(ends[0], printed, sizeof printed - 1);
    CHECK(length > 0);
    printed[length] = '\0';
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK(strncmp(printed, "tare: tare_close: ", 18) == 0);
    CHECK_CONTAINS(printed, tare_error_text(TARE_ERROR_NOT_OPEN));
    close(ends[0]);
}

int main(void)
{
    tare_set_failure_handler(remember, NULL, NULL, NULL);
    check_null_arguments();
    check_closed_scopes();
    check_garbage();
    check_domains();
    check_threads();
    check_tasks();
    check_families();
    check_after_end();
    check_default();

    CHECK(tare_is_attached());
    CHECK(strcmp(tare_link_mode(), CHECK_LINK_MODE) == 0);
    CHECK(strcmp(tare_version(), "0.1.0") == 0);
    return 0;
}
