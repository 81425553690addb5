#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every public function and macro of a header, every statistic, error, option and field of an executor is named
# in its manual page: tare.h in tare.3, async.h and what is below async/ in tare_async.3,
# allocator.h and what is below allocator/ in tare_allocator.3, fault.h in tare_fault.3.
set -euo pipefail
include=$SOURCE_DIR/include/tare
failed=0

names() {
    # Macros and functions, but for those whose name ends in _, which are not for users.
    grep -hoE '^#define [A-Za-z_]+' "$@" | cut -d' ' -f2 | grep -v '_$' | grep -vE '^TARE_([A-Z]+_)*H(PP)?$'
    grep -hoE '^[a-z][A-Za-z0-9_ *]*\btare_[a-z_]+\(' "$@" | grep -oE 'tare_[a-z_]+' | grep -v '_$'
    # The lists.
    sed -nE '/^#define TARE_(STATISTICS|ASYNC_OPTIONS|FAULT_OPTIONS|SWEEP_OPTIONS)/,/^$/s/.*X\([a-z0-9_ *]*, ([a-z_]*),.*/\1/p' "$@"
    sed -nE '/^#define TARE_FAULT_VERDICTS/,/^$/s/.*X\([A-Z_]*, ([a-z_]*),.*/\1/p' "$@"
    sed -n '/^#define TARE_ERRORS/,/^$/s/.*X(\([A-Z_]*\), .*/TARE_ERROR_\1/p' "$@"
    sed -n '/^typedef enum tare_domain/,/^}/s/^ *\(TARE_[A-Z]*\) = .*/\1/p' "$@"
    # Executors: their fields, and each one's name.
    sed -nE '/^struct tare_executor \{/,/^\}/s/^    [a-z][a-z_ ]*[ *(]+([a-z_]+)(;|\)\().*/\1/p' "$@"
    sed -nE 's/^static const tare_executor (tare_[a-z]+) .*/\1/p' "$@"
    # Classes and functions of C++, of the namespace itself.
    sed -nE '/^namespace tare \{/,$s/^class (\[\[[^]]*\]\] )?([a-z_]+) \{.*/\2/p' "$@" | grep -E '^task_' || true
}

# check <page> <how many names at least> <headers...>
check() {
    local page=$SOURCE_DIR/docs/man/$1 name
    mapfile -t expected < <(names "${@:3}" | sort -u)
    ((${#expected[@]} >= $2)) || { echo "only ${#expected[@]} names found for $1"; failed=1; }
    for name in "${expected[@]}"; do
        grep -qE "(^|[^A-Za-z0-9_])$name([^A-Za-z0-9_]|$)" "$page" || { echo "not in $1: $name"; failed=1; }
    done
    mandoc -T lint -W warning "$page" || failed=1
}

check tare.3 41 "$include/tare.h"
check tare_allocator.3 20 "$include/allocator.h" "$include"/allocator/*.h
check tare_fault.3 30 "$include/fault.h"
check tare_async.3 19 "$include/async.h" "$include"/async/*.h "$include"/async/*.hpp

# The failure that the page shows is the README's, which is run.
shown() {
    sed -n '/^tare: words\.c:/,/^measured by:/p' "$1"
}
[[ -n $(shown "$SOURCE_DIR/README.md") ]] || { echo "the README shows no failure of words.c"; failed=1; }
diff -u <(shown "$SOURCE_DIR/README.md") <(shown "$SOURCE_DIR/docs/man/tare.3") || failed=1
exit $failed
