#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Programs that can't be reached: tare says that it never attached, and why.
# shellcheck disable=SC2016 # what other shells are to expand
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"
[ -x "$programs/unreachable" ] || skip "no static libc to link with"

expect_status 3 "$TARE" run --json -- "$programs/unreachable"
expect_text "$work/err" "never attached to $programs/unreachable"
expect_text "$work/err" "exit status 5"
expect_text "$work/err" "$programs/unreachable: it is statically linked"
expect_equal "$(cat "$work/out")" "it ran" "stdout"
expect_status 3 "$TARE" run --expect 'allocations<=1000' -- "$programs/unreachable"

# Found in PATH; and as what interprets a script.
PATH=$programs:$PATH expect_status 3 "$TARE" run -- unreachable
expect_text "$work/err" "$programs/unreachable: it is statically linked"
printf '#!%s\n' "$programs/unreachable" >"$work/script"
chmod +x "$work/script"
expect_status 3 "$TARE" run -- "$work/script"
expect_text "$work/err" "$programs/unreachable: it is statically linked"

# As a child it is none of the program's figures.
expect_status 5 "$TARE" run --json -- "$programs/forks" spawn "$programs/unreachable"
expect_json '[.allocations, .processes]' '[1,[]]'

# The library to preload is looked for beside the command, and missed by name.
mkdir "$work/alone" "$work/with blank"
cp "$TARE" "$work/alone/"
expect_status 3 "$work/alone/tare" run -- true
expect_text "$work/err" "the library to preload is missing"
expect_text "$work/err" "libtare.so"
cp "$TARE" "$LIBTARE" "$work/with blank/"
mv "$work/with blank/${LIBTARE##*/}" "$work/with blank/libtare.so"
expect_status 3 "$work/with blank/tare" run -- true
expect_text "$work/err" "LD_PRELOAD can't express"
