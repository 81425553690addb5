#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# shellcheck source=../cli/lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"
# shellcheck disable=SC2034 # the scripts use it
programs=$BUILD_DIR/tests/oom
unset TARE_FAULTS

# sweep STATUS OPTIONS... -- PROGRAM...: the JSON in $work/out.
sweep()
{
    local status=$1
    shift
    expect_status "$status" "$TARE" oom --json "$@"
}

# of FILTER: of that.
of()
{
    jq -cer "$1" "$work/out" || fail "jq: $1"
}

# expect_of FILTER VALUE
expect_of()
{
    local actual
    actual=$(jq -c "$1" "$work/out") || fail "no JSON"
    [ "$actual" = "$2" ] || fail "$1 is $actual, expected $2"
}
