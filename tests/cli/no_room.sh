#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Without room to record the program is not run.
# shellcheck disable=SC2016 # what other shells are to expand
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"
mkdir "$work/place"
cd "$work/place" || exit 1

for place in "$work/none" /proc; do
    expect_status 3 env TMPDIR="$place" "$TARE" run -- touch ran
    expect_text "$work/err" "can't make a directory to record into in $place"
    [ ! -e ran ] || fail "the program ran"
done

(ulimit -f 100; expect_status 3 "$TARE" run -- touch ran) || exit 1
[ ! -e ran ] || fail "the program ran"

mkdir "$work/small"
if mount -t tmpfs -o size=256k tare "$work/small" 2>/dev/null; then
    trap 'umount "$work/small"; rm -rf "$work"' EXIT
    expect_status 3 env TMPDIR="$work/small" "$TARE" run -- touch ran
    expect_text "$work/err" "No space left on device; TMPDIR may name another place"
    [ ! -e ran ] || fail "the program ran"
    expect_equal "$(ls -A "$work/small")" "" "left behind"
fi

# A relative TMPDIR is the directory it was at the start.
mkdir here
expect_status 0 env TMPDIR=here "$TARE" run --json -- sh -c 'cd /; exec "$1"' sh "$programs/known"
expect_json .allocations 5
expect_equal "$(ls -A here)" "" "left behind"
