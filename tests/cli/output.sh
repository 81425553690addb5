#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# --output: whole or not at all, and never anything on the way of the program.
# shellcheck disable=SC2016 # what other shells are to expand
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"
mkdir "$work/place"
cd "$work/place" || exit 1

only_file()
{
    expect_equal "$(ls -A)" "$1" "the directory"
}

expect_status 0 "$TARE" run --no-save --json --output report -- "$programs/known"
expect_equal "$(jq .allocations report)" 5
[ ! -s "$work/err" ] || fail "something on stderr"
only_file report
expect_status 0 "$TARE" run --no-save -o report -- "$programs/known"
expect_text report "exact: yes"
only_file report
expect_status 0 "$TARE" run --no-save -oreport -- "$programs/known"
expect_status 0 "$TARE" run --no-save --output=report -- "$programs/known"

# A file keeps its mode, a link stays a link, a new file gets the usual mode.
chmod 640 report
ln -s report link
expect_status 0 "$TARE" run --no-save -o link -- "$programs/known"
[ -L link ] || fail "the link is gone"
expect_equal "$(stat -c %a report)" 640 "the mode"
rm report link
(umask 027 && "$TARE" run --no-save -o report "$programs/known" >/dev/null) || fail "run"
expect_equal "$(stat -c %a report)" 640 "the mode"

# Until the end the old file is there whole.
echo old >report
expect_status 0 "$TARE" run --no-save -o report -- grep -qx old report

# Where nothing can be written the program is not run, and nothing is left.
rm report
for target in "$work/none/report" . /proc/report ''; do
    expect_status 3 "$TARE" run --no-save --output "$target" -- touch ran
    expect_text "$work/err" "can't write $target"
    only_file ""
done
expect_status 3 "$TARE" run --no-save --output "$(printf '%0300d' 0)" -- touch ran
only_file ""
# A program that tare never attached to leaves the file as it was.
echo old >report
if [ -x "$programs/unreachable" ]; then
    expect_status 3 "$TARE" run --no-save -o report -- "$programs/unreachable"
    expect_equal "$(cat report)" old
    only_file report
fi
expect_status 3 "$TARE" run --no-save -o report -- no-such-program
expect_equal "$(cat report)" old

# Devices and pipes are written to, never replaced.
expect_status 0 "$TARE" run --no-save --output /dev/null -- "$programs/known"
[ -c /dev/null ] || fail "/dev/null is gone"
expect_status 3 "$TARE" run --no-save --output /dev/full -- "$programs/known"
expect_text "$work/err" "No space left"
mkfifo pipe
jq .allocations pipe >"$work/from_pipe" &
expect_status 0 "$TARE" run --no-save --json --output pipe -- "$programs/known"
wait
expect_equal "$(cat "$work/from_pipe")" 5

# A file that the program writes to as well is not replaced: both are in it, in order.
for target in /dev/stdout /dev/fd/1 shared; do
    rm -f shared
    for _ in 1 2; do
        "$TARE" run --no-save --json --output "$target" -- echo the program >>shared || fail "run -o $target"
    done
    expect_equal "$(grep -c 'the program$' shared)" 2 "lines of the program in $target"
    expect_equal "$(grep -v 'the program$' shared | jq -s 'length')" 2 "reports in $target"
    { "$TARE" run --no-save -o "$target" -- echo the program; echo after; } >shared
    expect_equal "$(sed -n '1p;$p' shared | tr '\n' ' ')" "the program after " "$target"
done
"$TARE" run --no-save -o /dev/fd/3 -- true 3>shared || fail "run -o /dev/fd/3"
expect_text shared "exact: yes"

# With closed standard streams nothing else takes their place, and the program
# finds them closed too.
expect_status 0 sh -c 'exec "$1" run --no-save --json -o "$2" -- sh -c "test ! -e /proc/self/fd/1 && test ! -e /proc/self/fd/2" <&- >&- 2>&-' sh "$TARE" closed
expect_equal "$(jq .exit_status closed)" 0
expect_status 3 sh -c '"$1" run --no-save -- true 2>&-' sh "$TARE"
expect_status 3 sh -c '"$1" run --no-save -- true 2>/dev/full' sh "$TARE"
