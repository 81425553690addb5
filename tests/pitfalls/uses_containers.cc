// SPDX-License-Identifier: MIT
// Pitfall 13: a program that allocates nothing itself.
#include <cstddef>

std::size_t contained();

int main()
{
    return contained() == 500 ? 0 : 1;
}
