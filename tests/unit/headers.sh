# SPDX-License-Identifier: MIT
# Every public header compiles by itself, and the block forms compile and run, in
# each C and C++ standard, with gcc and clang and their warnings as errors.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
warnings=(-Wall -Wextra -Wshadow -Wconversion -Wpedantic -Werror)
failed=0
tried=0

# attempt <what> <command...>: a failure is shown, and the rest goes on.
attempt() {
    local what=$1
    shift
    tried=$((tried + 1))
    if ! "$@" >"$work/output" 2>&1; then
        echo "FAILED: $what: $*"
        head -20 "$work/output"
        failed=1
    fi
}

# A header may stand on another library's; it is left out where that is not installed,
# or is not for this standard. block.hpp is part of tare.h.
# installed <header> <compiler> <language> <standard>
read -ra elsewhere < <(pkg-config --cflags glib-2.0 lua5.4 2>/dev/null) || true
installed() {
    local needed
    while read -r needed; do
        printf '#include <%s>\n' "$needed" | "$2" -x "$3" -std="$4" "${elsewhere[@]}" -fsyntax-only - 2>/dev/null || return 1
    done < <(sed -n 's/^#[ ]*include <\([^>]*\)>.*/\1/p' "$SOURCE_DIR/include/$1" | grep -v '^tare/')
}

cd "$SOURCE_DIR/include"
headers=$(find tare -name '*.h' | sort)
for header in $headers; do
    for twice in '' "#include <$header>"; do
        printf '#include <%s>\n%s\nint main(void);\nint main(void) { return 0; }\n' "$header" "$twice" >"$work/alone.c"
        cp "$work/alone.c" "$work/alone.cc"
        for compiler in gcc clang; do
            command -v $compiler >/dev/null || continue
            for standard in c11 c17 gnu17; do
                installed "$header" $compiler c $standard || continue
                attempt "$header" $compiler -std=$standard "${warnings[@]}" -Wstrict-prototypes -I. \
                    "${elsewhere[@]}" -fsyntax-only "$work/alone.c"
            done
        done
        for compiler in g++ clang++; do
            command -v $compiler >/dev/null || continue
            for standard in c++11 c++14 c++17 c++20; do
                installed "$header" $compiler c++ $standard || continue
                attempt "$header" $compiler -std=$standard "${warnings[@]}" -I. "${elsewhere[@]}" \
                    -fsyntax-only "$work/alone.cc"
            done
        done
    done
done

# The flags that the CMake target carries, without which the pairs are deleted.
flags=(-O2 -fno-builtin -I. "$LIBTARE" "-Wl,-rpath,$(dirname "$LIBTARE")")
unit=$SOURCE_DIR/tests/unit
for compiler in gcc clang; do
    command -v $compiler >/dev/null || continue
    for standard in c11 c17 gnu17; do
        rm -f "$work/blocks"
        attempt "blocks.c" $compiler -std=$standard "${warnings[@]}" -Wstrict-prototypes -o "$work/blocks" \
            "$unit/blocks.c" "${flags[@]}"
        attempt "blocks.c in $standard" "$work/blocks"
    done
done
for compiler in g++ clang++; do
    command -v $compiler >/dev/null || continue
    no_elision=()
    test $compiler = g++ && no_elision=(-fno-allocation-dce)
    for standard in c++11 c++14 c++17 c++20; do
        rm -f "$work/blocks"
        attempt "blocks.cc" $compiler -std=$standard "${warnings[@]}" "${no_elision[@]}" -o "$work/blocks" \
            "$unit/blocks.cc" "${flags[@]}"
        attempt "blocks.cc in $standard" "$work/blocks"
    done
done

test $tried -ge 40 || { echo "only $tried attempts: where are the compilers?"; exit 1; }
exit $failed
