// SPDX-License-Identifier: MIT
// new in all its forms, from templates, lambdas, methods and operators.
#include <new>

#include "corpus.h"

namespace shapes {
template <typename T> struct Box {
    T *inside;
    explicit Box(T value) : inside(new T(value)) {} /* @constructor "shapes::Box<*>::Box" */
    ~Box() { delete inside; }
    Box(const Box &) = delete;
    Box &operator=(const Box &) = delete;
    APART void replace(T value)
    {
        T *fresh = new T(value); /* @replace "shapes::Box<*>::replace" */
        delete inside;
        inside = fresh;
    }
};

template <typename F> APART auto apply(F function)
{
    auto *made = function(); /* @apply "shapes::apply<*>" */
    CORPUS_STAY();
    return made;
}
} // namespace shapes

struct alignas(64) Wide {
    char bytes[64];
};

struct Pooled {
    static APART void *operator new(size_t size)
    {
        void *block = malloc(size + 8); /* @own-new "Pooled::operator new" */
        CORPUS_STAY();
        return block;
    }
    static void operator delete(void *block) { free(block); }
    long content[2] = {1, 2};
};

/* SITE constructor < main-box: 1 4 */
/* SITE constructor < main-long-box: 1 8 */
/* SITE replace < main-replace: 3 12 */
/* SITE lambda < apply < main-lambda: 1 12, leaked 1 12 */
/* SITE own-new < main-own: 1 24 */
int main()
{
    {
        shapes::Box<int> box(1);       /* @main-box */
        shapes::Box<long> long_box(1); /* @main-long-box */
        for (int i = 0; i < 3; i++)
            box.replace(i); /* @main-replace */
    }
    corpus_keep(new char);                                  /* SITE: 1 1, leaked 1 1 */
    corpus_keep(new int[5]);                                /* SITE: 1 20, leaked 1 20 */
    corpus_keep(new (std::nothrow) char[7]);                /* SITE: 1 7, leaked 1 7 */
    corpus_keep(new Wide);                                  /* SITE: 1 64, leaked 1 64 */
    corpus_keep(new Wide[2]);                               /* SITE: 1 128, leaked 1 128 */
    corpus_keep(::operator new(9));                         /* SITE: 1 9, leaked 1 9 */
    corpus_keep(shapes::apply([] {                          /* @main-lambda */
                                   int *block = new int[3]; /* @lambda "*main*::*" */
                                   CORPUS_STAY();
                                   return block;
    }));
    Pooled *volatile own = new Pooled; /* @main-own */
    delete own;
    return 0;
}
