// SPDX-License-Identifier: MIT
// What the standard library's containers allocate is the caller's who makes them grow.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "corpus.h"

static APART void fill(std::vector<int> &numbers, int count)
{
    for (int i = 0; i < count; i++)
        numbers.push_back(i); /* @push */
}

static APART std::string repeat(const char *text, int times)
{
    std::string all;
    for (int i = 0; i < times; i++)
        all += text; /* @append "repeat*" */
    return all;
}

/* push_back: 1, 2, 4 ... 128 of 4 bytes. append: 16 and 32 bytes and so on, with a NUL each. */
/* SITE push < main-fill: 8 1020 */
/* SITE append < main-repeat: 3 213 */
int main()
{
    std::vector<int> numbers;
    fill(numbers, 100); /* @main-fill */
    numbers = std::vector<int>();
    std::vector<long> reserved;
    reserved.reserve(25); /* SITE: 1 200 */
    std::map<int, int> map;
    for (int i = 0; i < 10; i++)
        map[i] = i;                              /* SITE: 10 400 */
    auto shared = std::make_shared<long>(5);     /* SITE: 1 24 */
    auto unique = std::make_unique<char[]>(33);  /* SITE: 1 33 */
    std::string text = repeat("0123456789", 10); /* @main-repeat */
    return text.size() == 100 && *shared == 5 && unique[0] == 0 ? 0 : 1;
}
