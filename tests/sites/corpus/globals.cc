// SPDX-License-Identifier: MIT
// NOT static. Constructors and destructors of globals, of a function's statics and of a thread's own.
#include "corpus.h"

struct Holder {
    char *block;
    APART explicit Holder(size_t size)
    {
        block = new char[size]; /* @holds "Holder::Holder" */
        CORPUS_STAY();
    }
    APART ~Holder()
    {
        delete[] block;
        corpus_keep(new char[3]); /* @destroyed "Holder::~Holder" */
    }
};

static Holder global(50);                 /* @global "*" */
static thread_local Holder of_thread(60); /* @of-thread "*" */

static APART Holder &local()
{
    static Holder once(70); /* @once "local" */
    return once;
}

/* SITE holds < global+ < ...: 1 50 */
/* SITE holds < of-thread+ < main-thread: 1 60 */
/* SITE of-thread+ < main-thread: any */
/* SITE main-thread: any */
/* SITE holds < once < main-local: 1 70 */
/* SITE destroyed: 3 9, leaked 3 9 */
int main()
{
    of_thread.block[0] = 'x'; /* @main-thread */
    for (int i = 0; i < 2; i++)
        local().block[1] = 'y'; /* @main-local */
    return global.block == nullptr ? 1 : 0;
}
