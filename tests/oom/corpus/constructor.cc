/* SPDX-License-Identifier: MIT */
/* The second new of a constructor throws, and what the first made is nobody's: the destructor never runs.
 * expect: leaked
 * options: --leaks */
#include <memory>
#include <new>

class pair {
#ifdef CLEAN
    std::unique_ptr<int> first;
    std::unique_ptr<int> second;

  public:
    pair() : first(new int(1)), second(new int(2)) {}
#else
    int *first;
    int *second;

  public:
    pair() : first(new int(1)), second(new int(2)) {}
    ~pair()
    {
        delete second;
        delete first;
    }
#endif
};

int main()
{
    try {
        pair both;
        return 0;
    } catch (const std::bad_alloc &) {
        return 1;
    }
}
