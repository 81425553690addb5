// SPDX-License-Identifier: MIT
#include "corpus.h"

#include <memory>
#include <new>

namespace {

#ifdef CLEAN
class image {
  public:
    image() : rows(new int[16]()), colours(new int[256]()) {}
    int first() const { return rows[0] + colours[0]; }

  private:
    std::unique_ptr<int[]> rows, colours;
};
#else
class image {
  public:
    image() : rows(new int[16]()), colours(new int[256]()) {} // no destructor runs where this throws
    ~image()
    {
        delete[] rows;
        delete[] colours;
    }
    image(const image &) = delete;
    image &operator=(const image &) = delete;
    int first() const { return rows[0] + colours[0]; }

  private:
    int *rows, *colours;
};
#endif

} // namespace

int work(void)
{
    try {
        image picture;
        volatile int used = 0;
        used = picture.first() & 0;
        return used;
    } catch (const std::bad_alloc &) {
        errno = ENOMEM;
        return -1;
    }
}
