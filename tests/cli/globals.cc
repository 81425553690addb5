// SPDX-License-Identifier: MIT
// A library whose globals free what they own at the very end, after every
// destructor that a preloaded library could have.
#include <map>
#include <string>
#include <vector>

static std::vector<std::string> names{"a name too long to be kept inside of the string",
                                      "and another one of that kind"};

#ifdef LEAK
extern int *leaked;
int *leaked = new int[10];
#endif

std::map<int, std::string> &table();
std::map<int, std::string> &table()
{
    static std::map<int, std::string> numbers;
    return numbers;
}

void fill(int count);
void fill(int count)
{
    for (int i = 0; i < count; i++)
        table()[i] = names[static_cast<size_t>(i) % names.size()];
}
