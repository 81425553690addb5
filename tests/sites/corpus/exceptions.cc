// SPDX-License-Identifier: MIT
// Exceptions: what is thrown is a block, and so is what destructors make on the way.
#include "corpus.h"

struct Thrown {
    char bytes[100];
};

struct Guard {
    ~Guard()
    {
        void *block = malloc(11); /* @destructor "Guard::~Guard" */
        free(block);
    }
};

static APART void throw_one()
{
    throw Thrown(); /* @throw "throw_one" */
}

static APART void pass()
{
    Guard guard;
    throw_one(); /* @pass "pass" */
    CORPUS_STAY();
} /* @unwinding "pass" */

/* SITE throw < pass < main-pass: 3 684 */
/* SITE destructor < unwinding < main-pass: 3 33 */
int main()
{
    for (int i = 0; i < 3; i++)
        try {
            pass(); /* @main-pass */
        } catch (const Thrown &) {
            corpus_keep(new char[13]); /* SITE: 3 39, leaked 3 39 */
        }
    return 0;
}
