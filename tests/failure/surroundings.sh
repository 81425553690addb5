#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What is around a failure: other ways to link, tare run, no library to explain it, no place to save it, suppressions.
set -euo pipefail
source "$(dirname "$0")/common.sh"
mkdir "$scratch/bin"
samples=$scratch/bin/samples
message=$scratch/message
libraries=$(dirname "$LIBTARE")
read -r -a wrap <<<"$WRAP_FLAGS"

# prints <case> [<variable>=<value>...]: runs the samples into $message, with a new place to save to.
program=$samples
prints() {
    local name=$1
    shift
    new_place
    env "$@" "$program" "$name" </dev/null >"$message" 2>&1 || fail "$program $name $*: $(cat "$message")"
}
files_saved() {
    find "$scratch"/saved.* -type f | wc -l
}

build gcc "$samples" samples.c "${shared_library[@]}"

# ---- Threads that fail at once ----
prints at_once TARE_SAVE_DIR=

# ---- Ways to link: the same text, by whatever library is found ----
normalised_as() {
    sed "s/measured by: shared/measured by: $1/" "$here/golden/nested.txt"
}
compare() {
    normalised <"$message" | diff -u <(normalised_as "$1") - || fail "by $1"
}
export LD_LIBRARY_PATH=$libraries
program=$scratch/bin/static/samples
mkdir "$scratch/bin/static" "$scratch/bin/wrap" "$scratch/bin/full"
build gcc "$program" samples.c "$LIBTARE_STATIC"
prints nested
compare static
program=$scratch/bin/wrap/samples
build gcc "$program" samples.c "$LIBTARE_WRAP" "${wrap[@]}"
prints nested
compare wrap
unset LD_LIBRARY_PATH

program=$scratch/bin/full/samples
gcc -w -static "$here/samples.c" -D_GNU_SOURCE -fno-builtin -I"$SOURCE_DIR/include" -I"$SOURCE_DIR/tests" \
    -o "$program" "$LIBTARE_WRAP" "${wrap[@]}" 2>"$scratch/warnings" || fail "$(cat "$scratch/warnings")"
[[ ! -s $scratch/warnings ]] || fail "a static program: $(cat "$scratch/warnings")"
prints nested
has "$message" '^leaked:$'
has "$message" '^  70 bytes$'
has "$message" '^      samples\+0x[0-9a-f]+$'
has "$message" '^no functions and lines: the program is static$'
has "$message" '^saved: '

# ---- A recorded run counts what the program does, and not what explaining it takes ----
program=$samples
new_place
"$TARE" run --no-save --json -o "$scratch/run.json" -- "$samples" nested >"$message" 2>&1 || fail "$(cat "$message")"
normalised <"$message" | diff -u <(normalised_as preload) - || fail "under tare run"
for figure in '"allocations": 6' '"deallocations": 6' '"bytes_allocated": 533' '"leaked_bytes": 0' '"inexact": \[\]'; do
    has "$scratch/run.json" "$figure"
done

# ---- Without the library ----
mkdir "$scratch/alone"
cp "$(readlink -f "$LIBTARE")" "$scratch/alone/libtare.so.0"
program=$scratch/alone/samples
build gcc "$program" samples.c "$scratch/alone/libtare.so.0" "-Wl,-rpath,$scratch/alone" -rdynamic
prints everything
for list in 'most allocations' 'most bytes allocated' 'most reallocations' 'live at the peak' leaked; do
    has "$message" "^$list:\$"
done
has "$message" '^  3 allocations$'
has "$message" '^  1,?200 bytes$'
has "$message" '^      samples\+0x[0-9a-f]+$'
has "$message" '^      main\+0x[0-9a-f]+ in samples$'
has "$message" '^no functions and lines: libtare-explain\.so\.0: .*No such file'
has "$message" '^saved: '

prints no_bytes
has "$message" '^  7 bytes$'
has "$message" '^  0 bytes$'

# ---- No place ----
program=$samples
prints recursion TARE_SAVE_DIR="$scratch/nowhere"
has "$message" '^      recursion at '
has "$message" "^not saved: $scratch/nowhere/tare-samples-[0-9]+-1\\.tare: No such file or directory\$"
has_not "$message" '^saved: '
prints recursion TARE_SAVE_DIR="$samples"
has "$message" 'not saved: .*: Not a directory'
has "$message" '^      recursion at '
before=$(files_saved)
prints saves TARE_SAVE_DIR= NONE_KEPT=1
has "$message" '^      saves at '
has_not "$message" 'saved: '
(($(files_saved) == before)) || fail "something was kept"
(ulimit -f 16 && prints recursion) || fail "with a limit on files"
has "$message" '^not saved: .*: File too large$'
has "$message" '^no call stacks: its record could not be written$'
(($(files_saved) == before)) || fail "something was left behind"
mkdir "$scratch/chosen"
prints recursion TARE_SAVE_DIR="$scratch/chosen"
[[ -e $(sed -n 's/^saved: \(.*\)  (tare report FILE shows all)$/\1/p' "$message") ]] || fail "$(cat "$message")"
(($(find "$scratch/chosen" -type f | wc -l) == 1)) || fail "not one file in the directory that was chosen"

# ---- No call stacks ----
prints recursion TARE_SITES=off
has "$message" '^no call stacks: no scope collects any: TARE_SITES=off is in the environment$'
has_not "$message" 'saved: '

# ---- Suppressions ----
check_suppressed() {
    has_not "$message" 'known alone'
    has "$message" 'expectation failed: a new one$'
    has "$message" '^! leaked_bytes        exactly 0                     7$'
    has "$message" '^  leaked_allocations  at most 2                     1$'
    has "$message" '^  7 bytes  100\.0 %  in 1 block$'
    has "$message" '^suppressed: 1 block 100 bytes by leak:known_leak$'
    has "$message" 'expectation failed: and others$'
    has "$message" '^  leaked_bytes        exactly 0                     0$'
}
echo 'leak:known_leak' >"$scratch/known"
prints suppressions TARE_SUPPRESSIONS="$scratch/known"
check_suppressed
(($(find "$TMPDIR" -type f | wc -l) == 2)) || fail "what passed has left a file"
program=$scratch/bin/suppressing
build gcc "$program" samples.c -DDEFAULT_SUPPRESSIONS "${shared_library[@]}"
prints suppressions
check_suppressed
program=$samples
printf '# known\nlook:known_leak\n' >"$scratch/bad"
prints suppressions TARE_SUPPRESSIONS="$scratch/bad" KNOWN_FAILS=1
has "$message" "^suppressions: $scratch/bad:2: expected leak:PATTERN"
prints suppressions TARE_SUPPRESSIONS="$scratch/none" KNOWN_FAILS=1
has "$message" "^suppressions: $scratch/none: No such file or directory\$"

# ---- Stacks that end early, programs without symbols ----
program=$scratch/bin/no_tables
build gcc "$program" samples.c -O2 -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-exceptions "${shared_library[@]}"
prints none_permitted
has "$message" '^      \(its callers are missing: no unwind tables\)$'
has "$message" '^[0-9]+ stacks? (is|are) truncated: no unwind tables$'
program=$scratch/bin/stripped
cp "$samples" "$program"
strip "$program"
prints none_permitted
has "$message" '^      stripped\+0x[0-9a-f]+$'

# ---- Test frameworks are not shown ----
build gcc "$scratch/bin/with_cmocka" frameworks.c -lcmocka "${shared_library[@]}"
new_place
"$scratch/bin/with_cmocka" >"$message" 2>&1 || fail "cmocka: $(cat "$message")"
sed -n '/^leaked: /,/^saved/p' "$message" | normalised | grep -v '^saved' | diff -u - <(
    printf '%s\n' 'leaked: 1 site' '  5 bytes  100.0 %  in 1 block' '      leaks at frameworks.c:24' \
        '      main at frameworks.c:32'
) || fail "cmocka"
if [[ -e /usr/include/gtest/gtest.h ]]; then
    build g++ "$scratch/bin/with_gtest" frameworks.cc -lgtest "${shared_library[@]}"
    new_place
    "$scratch/bin/with_gtest" >"$message" 2>&1 || fail "GoogleTest: $(cat "$message")"
    sed -n '/^leaked: /,/^saved/p' "$message" | normalised | grep -v '^saved' | diff -u - <(
        printf '%s\n' 'leaked: 1 site' '  5 bytes  100.0 %  in 1 block' \
            '      Parser_Leaks_Test::TestBody at frameworks.cc:16' '      main at frameworks.cc:25'
    ) || fail "GoogleTest"
else
    echo "GoogleTest is missing (package libgtest-dev): not tried"
fi
