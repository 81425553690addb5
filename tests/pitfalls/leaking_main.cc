// SPDX-License-Identifier: MIT
// Leaks as many bytes as the pool of libstdc++ has, before main as it does.
#include <cstdlib>
#include <iostream>

static void *volatile leaked = std::malloc(72704);

int main()
{
    return std::cout.good() && leaked != nullptr ? 0 : 1;
}
