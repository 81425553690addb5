// SPDX-License-Identifier: MIT
// Leaves everything to the destructors of globals, its own and its library's.
#include <memory>

void fill(int count);

static std::unique_ptr<int[]> own(new int[100]);

int main()
{
    fill(100);
    return own[0];
}
