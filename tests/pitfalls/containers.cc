// SPDX-License-Identifier: MIT
// Pitfall 13: a C++ library with global containers, whose constructors run
// before main and before tare's own. They make 3 blocks and free 2 of 501 bytes
// at the end; none is the C++ runtime's own.
#include <string>
#include <vector>

static std::vector<char> numbers(400);
static std::string text(100, 'x');
static std::vector<char> *owned = new std::vector<char>;

std::size_t contained();

std::size_t contained()
{
    return numbers.size() + text.size() + owned->size();
}
