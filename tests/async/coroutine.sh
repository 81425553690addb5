#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# coroutine.cc with each compiler that has <coroutine>, at -O0 and -O2; and what coroutine.hpp says to a
# coroutine that has no task.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
flags=(-std=c++20 -Wall -Wextra -Wshadow -Wconversion -Wpedantic -Werror -I"$SOURCE_DIR/include"
    -I"$SOURCE_DIR/tests" -fno-builtin -pthread)

cat >"$scratch/no_task.cc" <<'END'
#include <exception>
#include <tare/async/coroutine.hpp>
struct job {
    struct promise_type : tare::task_promise {
        using tare::task_promise::task_promise;
        job get_return_object() { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
};
job nothing(int)
{
    co_return;
}
END

ran=0
for compiler in "g++ -fno-allocation-dce" clang++ "clang++ -stdlib=libc++"; do
    read -ra command <<<"$compiler"
    if ! "${command[@]}" -std=c++20 -x c++ -fsyntax-only - <<<'#include <coroutine>' 2>"$scratch/log"; then
        echo "left out: $compiler has no <coroutine>: $(head -n1 "$scratch/log")"
        continue
    fi
    for level in -O0 -O2; do
        echo "$compiler $level"
        "${command[@]}" "${flags[@]}" $level "$SOURCE_DIR/tests/async/coroutine.cc" -o "$scratch/coroutine" \
            "$LIBTARE" -Wl,-rpath,"$(dirname "$LIBTARE")"
        for ((i = 0; i < 3; i++)); do
            "$scratch/coroutine"
        done
    done
    if "${command[@]}" "${flags[@]}" -fsyntax-only "$scratch/no_task.cc" 2>"$scratch/log"; then
        echo "a coroutine without a task compiles"
        exit 1
    fi
    grep -q 'one parameter of the coroutine must be a tare_scope \*' "$scratch/log" || { cat "$scratch/log"; exit 1; }
    ran=$((ran + 1))
done
((ran > 0)) || { echo "skipped: no compiler here has <coroutine>"; exit 77; }
