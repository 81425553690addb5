#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the tests of profiles share, upon tests/cli/lib.sh.
# shellcheck source=../cli/lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"
# shellcheck disable=SC2034 # the scripts use it
here=$SOURCE_DIR/tests/profiles
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$here

# need PROGRAM PACKAGE
need()
{
    command -v "$1" >/dev/null || skip "there is no $1 (apt-get install $2)"
}

# record NAME COMMAND...: NAME.tare and NAME.json, and NAME in every format.
record()
{
    local name=$1 metric format
    shift
    "$TARE" run --save "$name.tare" "$@" >"$work/out" 2>"$work/err" || fail "tare run $*"
    expect_status 0 "$TARE" report --json --top all "$name.tare" -o "$name.json"
    for metric in bytes count peak leak temporary reallocations; do
        expect_status 0 "$TARE" report "$name.tare" --format folded --metric "$metric" -o "$name.$metric.folded"
    done
    for format in pprof:pb.gz speedscope:speedscope.json dhat:dhat.json heaptrack:heaptrack chrome:trace.json; do
        expect_status 0 "$TARE" report "$name.tare" --format "${format%%:*}" -o "$name.${format#*:}"
    done
}
