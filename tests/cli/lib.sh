#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the scripts share: a directory of their own, one way to run the command,
# and checks that say what they saw. Every run is also checked to leave nothing
# behind where it recorded.
set -u

work=$(mktemp -d) || exit 1
export TMPDIR=$work/tmp
mkdir "$TMPDIR"
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2034 # the scripts use it
programs=$BUILD_DIR/tests/cli
unset LD_PRELOAD TARE_STORE TARE_FOLLOW TARE_SITES TARE_STACK_DEPTH TARE_UNWIND TARE_SUPPRESSIONS
cd "$work" || exit 1 # where records are kept
export LC_ALL=C

fail()
{
    printf 'FAILED: %s\n' "$*"
    printf -- '--- stdout\n'; head -c 3000 "$work/out" 2>/dev/null
    printf -- '--- stderr\n'; head -c 3000 "$work/err" 2>/dev/null
    exit 1
}

skip()
{
    printf 'skipped: %s\n' "$*"
    exit 77
}

# expect_status STATUS COMMAND...: into $work/out and $work/err.
expect_status()
{
    local expected=$1 status
    shift
    "$@" >"$work/out" 2>"$work/err"
    status=$?
    [ "$status" -eq "$expected" ] || fail "exit status $status, expected $expected: $*"
    [ -z "$(ls -A "$TMPDIR")" ] || fail "left behind: $(ls -A "$TMPDIR")"
}

# expect_text FILE TEXT: the file has a line with this in it.
expect_text()
{
    grep -qF -- "$2" "$1" || fail "not in ${1##*/}: $2"
}

expect_no_text()
{
    ! grep -qF -- "$2" "$1" || fail "in ${1##*/}, and should not be: $2"
}

expect_equal()
{
    [ "$1" = "$2" ] || fail "${3:-value} is $1, expected $2"
}

# json FILTER: of the report on stderr.
json()
{
    jq -cer "$1" "$work/err" || fail "jq: $1"
}

# expect_json FILTER VALUE
expect_json()
{
    local actual
    actual=$(jq -c "$1" "$work/err") || fail "the report is not JSON"
    [ "$actual" = "$2" ] || fail "$1 is $actual, expected $2"
}

# shellcheck disable=SC2034 # the scripts use it
statistics='[.allocations, .deallocations, .reallocations, .bytes_allocated, .bytes_deallocated,
             .bytes_reallocated, .peak_bytes, .leaked_allocations, .leaked_bytes, .failed_allocations]'
