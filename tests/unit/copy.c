/* SPDX-License-Identifier: MIT */
/* Copies of a process, as os.h promises them: with and without a descriptor that tells of their end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "check.h"
#include "os.h"

static volatile sig_atomic_t children;

static void count_child(int unused)
{
    (void)unused;
    children++;
}

static void silent(void)
{
    signal(SIGCHLD, count_child);
    struct tare__os_copy copy;
    int status = 0;
    CHECK(tare__os_copy_process(&copy));
    if (copy.pid == 0)
        tare__os_end(7);
    CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    CHECK(tare__os_copy_wait(&copy, 60000, &status));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    CHECK(children == 0);
    CHECK(!tare__os_has_children());
}

/* Where there are no descriptors of processes, and where it takes too long. */
static void without_watch(bool hangs)
{
    struct tare__os_copy copy;
    int status = 0;
    CHECK(tare__os_copy_process(&copy));
    if (copy.pid == 0) {
        while (hangs)
            pause();
        tare__os_end(3);
    }
    close(copy.watch);
    copy.watch = -1;
    CHECK(tare__os_copy_wait(&copy, hangs ? 50 : 60000, &status) == !hangs);
    CHECK(hangs ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 3);
}

static void children_are_seen(void)
{
    signal(SIGCHLD, SIG_DFL);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    CHECK(tare__os_has_children());
    CHECK(waitpid(child, NULL, 0) == child);
    CHECK(!tare__os_has_children());
}

static void sharing(void)
{
    char path[] = "/tmp/tare-copy-XXXXXX";
    int64_t offset = -1;
    int ends[2], written = mkstemp(path), null = open("/dev/null", O_RDWR);
    CHECK(written >= 0 && null >= 0 && pipe(ends) == 0 && write(written, "text", 4) == 4);
    int read_only = open(path, O_RDONLY), directory = open("/", O_RDONLY), place = open(path, O_PATH);
    unlink(path);
    CHECK(tare__os_sharing(written, &offset) == TARE__OS_SHARES_WRITTEN);
    CHECK(tare__os_sharing(ends[0], &offset) == TARE__OS_SHARES_STREAM);
    CHECK(tare__os_sharing(ends[1], &offset) == TARE__OS_SHARES_STREAM);
    CHECK(tare__os_sharing(null, &offset) == TARE__OS_SHARES_NOTHING);
    CHECK(tare__os_sharing(place, &offset) == TARE__OS_SHARES_NOTHING);
    CHECK(tare__os_sharing(directory, &offset) == TARE__OS_SHARES_OFFSET);
    char two[2];
    CHECK(read(read_only, two, 2) == 2);
    CHECK(tare__os_sharing(read_only, &offset) == TARE__OS_SHARES_OFFSET && offset == 2);
    tare__os_seek(read_only, 1);
    CHECK(lseek(read_only, 0, SEEK_CUR) == 1);
    CHECK(tare__os_file(read_only).number == tare__os_file(written).number && tare__os_file(-1).number == 0);
    tare__os_silence(written);
    CHECK(write(written, "more", 4) == 4 && lseek(read_only, 0, SEEK_END) == 4);
}

int main(void)
{
    silent();
    without_watch(false);
    without_watch(true);
    children_are_seen();
    sharing();
    return 0;
}
