// SPDX-License-Identifier: MIT
// Does nothing, but needs the C++ runtime, which keeps a pool from its start on.
#include <iostream>

int main()
{
    return std::cout.good() ? 0 : 1;
}
