#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: build_and_test.sh SANITIZER    builds and tests below the build tree, by CC and CXX
set -euo pipefail
sanitizer=$1
tree=$BUILD_DIR/sanitizer-$sanitizer
mkdir -p "$tree"

# Where the kernel lays out memory more randomly than the sanitizer knows, nothing runs but without that.
echo 'int main(void) { return 0; }' >"$tree/empty.c"
"$CC" "-fsanitize=$sanitizer" "$tree/empty.c" -o "$tree/empty" || { echo "skipped: $CC can't link with it"; exit 77; }
run=()
"$tree/empty" || run=(setarch "$(uname -m)" --addr-no-randomize)
"${run[@]}" "$tree/empty" || { echo "skipped: nothing runs under it here"; exit 77; }

quietly() {
    "$@" >"$tree/log" 2>&1 || { cat "$tree/log"; exit 1; }
}
quietly cmake -S "$SOURCE_DIR" -B "$tree" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DTARE_WERROR=ON \
    -DTARE_SANITIZE="$sanitizer" -DCMAKE_C_COMPILER="$CC" -DCMAKE_CXX_COMPILER="$CXX"
quietly cmake --build "$tree" --parallel 2
"${run[@]}" ctest --test-dir "$tree" --label-regex sanitizer --parallel 2 --output-on-failure --no-tests=error
