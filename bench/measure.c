/* SPDX-License-Identifier: MIT */
/*
 * Runs a command and writes one line to a file: wall seconds, processor seconds
 * (user and system, with all it waited for) and the highest resident set in KiB
 * of any of its processes. Exits with the command's status. What `time -f` does,
 * with microseconds, and with output that nobody mixes with the command's own.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: measure FILE COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }
    double start = now_s();
    /* vfork: a child of fork would begin with our pages in its resident set. */
    pid_t child = vfork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    int status;
    struct rusage usage;
    if (child < 0 || wait4(child, &status, 0, &usage) != child) {
        perror("measure");
        return 3;
    }
    double wall_s = now_s() - start;
    FILE *file = fopen(argv[1], "w");
    if (file == NULL ||
        fprintf(file, "%.6f %.6f %ld\n", wall_s, seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss) <
            0 ||
        fclose(file) != 0) {
        perror(argv[1]);
        return 3;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
