#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Wrong usage is status 2, with what was wrong and what may have been meant; the
# program is not run then.
# shellcheck disable=SC2016 # what other shells are to expand
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"

usage_error()
{
    local text=$1
    shift
    expect_status 2 "$TARE" "$@"
    expect_text "$work/err" "$text"
    [ ! -s "$work/out" ] || fail "something on stdout"
}

usage_error "which command?"
usage_error "there is no command 'rum'" rum
usage_error "Did you mean 'run'?" rum
usage_error "Did you mean 'run'?" rnu true
usage_error "there is no option '--hlp'" --hlp
usage_error "Did you mean '--help'?" --hlp
usage_error "Did you mean 'run'?" RUN
usage_error "Did you mean '--help'?" help
usage_error "Did you mean '--version'?" version
expect_status 2 "$TARE" something-else
expect_no_text "$work/err" "Did you mean"

usage_error "which program?" run
usage_error "which program?" run --json --
usage_error "there is no option '--jsno'" run --jsno "$programs/known"
usage_error "Did you mean '--json'?" run --jsno "$programs/known"
usage_error "Did you mean '--expect'?" run --expct=x "$programs/known"
usage_error "Did you mean '--output'?" run --out "$work/out" "$programs/known"
usage_error "Did you mean '--json'?" run -json "$programs/known"
usage_error "Did you mean '--json'?" run ---json "$programs/known"
usage_error "which program?" run -- ''
usage_error "there is no option '-x'" run -x "$programs/known"
usage_error "--json takes no value" run --json=yes "$programs/known"
usage_error "--output needs a value: FILE" run --output
usage_error "--expect needs a value: EXPRESSION" run --expect

# bad_expression COLUMN TEXT EXPRESSION: the caret stands under the column, from 0.
bad_expression()
{
    expect_status 2 "$TARE" run --expect "$3" -- "$programs/known"
    [ ! -s "$work/out" ] || fail "the program ran"
    expect_text "$work/err" "  $3"
    grep -q "^  $(printf "%${1}s")^ expected here: " "$work/err" || fail "the caret is not at column $1"
    expect_text "$work/err" "$2"
}
bad_expression 0 "the name of a statistic" ""
bad_expression 0 "did you mean 'allocations'?" "alocations<=1"
bad_expression 0 "did you mean 'leaked_bytes'?" "leaked-bytes==0"
bad_expression 0 "did you mean 'peak_bytes'?" "peak<=1M"
bad_expression 0 "did you mean 'leaked_allocations'?" "leaked==0"
bad_expression 0 "'tare run --help' lists them" "happiness==0"
bad_expression 11 "one of <= >=" "allocations"
bad_expression 12 "one of <= >=" "allocations ~ 3"
bad_expression 13 "a number" "allocations<="
bad_expression 13 "a number" "allocations<=many"
bad_expression 12 "a number" "allocations=<3"
bad_expression 13 "a number below 2^63" "allocations<=9223372036854775808"
bad_expression 30 "a number below 2^63" "leaked_bytes<=9223372036854775GiB"
bad_expression 14 "k, M, G or the end" "allocations<=1.5"
bad_expression 15 "k, M, G, KiB, MiB, GiB or the end" "leaked_bytes<=1x"
bad_expression 14 "this statistic is not in bytes" "allocations<=1KiB"

# What tare can't do is status 3.
PATH=/usr/bin:/bin expect_status 3 "$TARE" run -- no-such-program
expect_text "$work/err" "no-such-program: there is no such program"
expect_status 3 "$TARE" run -- "$work/missing"
expect_status 3 "$TARE" run -- "$work"
expect_text "$work/err" "Permission denied"
echo text >"$work/plain"
expect_status 3 "$TARE" run -- "$work/plain"
expect_text "$work/err" "Permission denied"
printf '#!/no/such/interpreter\n' >"$work/script"
chmod +x "$work/script"
expect_status 3 "$TARE" run -- "$work/script"
expect_text "$work/err" "can't run"

expect_status 0 "$TARE" --version
expect_text "$work/out" "tare "
expect_status 0 "$TARE" --help
expect_text "$work/out" "run"
expect_status 0 "$TARE" run --help
expect_text "$work/out" "--no-follow"
expect_status 3 sh -c '"$1" --help >/dev/full' sh "$TARE"
