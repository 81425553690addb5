/* SPDX-License-Identifier: MIT */
/* NOT static. CHILDREN: of fork, which go on with the parent's stacks, and of vfork, which are the parent still. */
#include <sys/wait.h>
#include <unistd.h>

#include "corpus.h"

static APART void *make(size_t size)
{
    void *block = malloc(size); /* @make */
    CORPUS_STAY();
    return block;
}

static APART void child(void)
{
    corpus_keep(make(100)); /* @child */
    CORPUS_STAY();
}

/* SITE make < main-before: 1 10, leaked 1 10 */
/* SITE make < child < main-child: 2 200, leaked 2 200 */
/* SITE make < main-after: 1 20, leaked 1 20 */
int main(void)
{
    void *before = make(10); /* @main-before */
    corpus_keep(before);
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork(); /* SITE: any */
        if (pid == 0) {
            child(); /* @main-child */
            _exit(0);
        }
        waitpid(pid, NULL, 0);
    }
    pid_t pid = vfork();
    if (pid == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
    corpus_keep(make(20)); /* @main-after */
    return 0;
}
