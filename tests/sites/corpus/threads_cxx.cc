// SPDX-License-Identifier: MIT
// THREADS by the standard library.
#include <future>
#include <thread>

#include "corpus.h"

static APART void work(int times)
{
    for (int i = 0; i < times; i++)
        corpus_keep(new char[9]); /* @work */
}

/* SITE work < in-lambda: 200 1800, leaked 200 1800 */
/* SITE work < in-async: 7 63, leaked 7 63 */
int main()
{
    {
        auto both = [] {
            work(100); /* @in-lambda "*main*::*" */
            CORPUS_STAY();
        };
        std::thread one(both);   /* SITE: any */
        std::thread other(both); /* SITE: any */
        one.join();
        other.join();
    }
    auto task = [] {
        work(7); /* @in-async "*main*::*" */
        CORPUS_STAY();
    };
    std::async(std::launch::async, task).get(); /* SITE: any */
    return 0;
}
