#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Where records are kept: by default, by --save, of several processes; what they
# replace, and what is in their way.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"
mkdir place
cd place || exit 1
only() { expect_equal "$(echo *)" "$1" "the directory"; }

expect_status 0 "$TARE" run --json -- "$programs/known"
name=known.$(json .pid).tare
expect_json .record "\"$name\""
only "$name"
expect_status 0 "$TARE" run -- "$programs/known"
expect_text "$work/err" "record: known."
rm ./*

expect_status 0 "$TARE" run --no-save -- "$programs/known"
only '*'

# Small: what was reserved and not used is left out.
expect_status 0 "$TARE" run --save record -- "$programs/known"
only record
[ "$(stat -c '%b * %B' record | xargs expr)" -le 65536 ] || fail "the record takes $(du -k record)"
expect_equal "$(stat -c %a record)" "$(printf '%o' $((0666 & ~$(umask))))" "the mode"
before=$(stat -c %i record)
expect_status 0 "$TARE" run --save record -- "$programs/known"
[ "$(stat -c %i record)" != "$before" ] || fail "the record was written in place"
only record

# A directory where there are more processes, and back.
expect_status 0 "$TARE" run --save record --json -- "$programs/forks" spawn "$programs/known"
[ -d record ] || fail "no directory"
cp "$work/err" ../run.json
expect_status 0 "$TARE" report --json record
expect_equal "$(jq -cS '[.pid, .allocations, [.processes[] | [.pid, .allocations]]]' ../run.json)" \
    "$(jq -cS '[.pid, .allocations, [.processes[] | [.pid, .allocations]]]' "$work/out")" "the record"
child=$(jq '.processes[0].pid' ../run.json)
expect_status 0 "$TARE" report --json record --pid "$child"
expect_equal "$(jq .pid "$work/out")" "$child" "the process"
expect_status 0 "$TARE" run --save record -- "$programs/forks" spawn "$programs/known"
expect_status 0 "$TARE" run --save record -- "$programs/known"
[ -f record ] || fail "no file"
only record
rm record

# Nothing but records is replaced, and that is known before the program runs.
mkdir record
touch record/mine
expect_status 3 "$TARE" run --save record -- touch ran
expect_text "$work/err" "can't save the record in record: it is a directory with other files than records in it"
expect_status 3 "$TARE" run --save /dev/null -- touch ran
expect_text "$work/err" "it is neither a file nor a directory"
expect_status 3 "$TARE" run --save none/record -- touch ran
expect_text "$work/err" "can't save the record in none/record: No such file or directory"
expect_status 3 "$TARE" run --save '' -- touch ran
only record
rm -r record

# A program's own end is not affected by where its record goes.
expect_status 7 "$TARE" run --save record -- sh -c 'exit 7'
expect_status 137 "$TARE" run --save record -- sh -c 'kill -9 $$'
expect_status 0 "$TARE" report record

# Where the current directory can't be written, it goes where temporary files go.
if [ "$(id -u)" -ne 0 ] || command -v setpriv >/dev/null; then
    chmod 777 "$work" "$TMPDIR"
    mkdir ../closed
    cd ../closed || exit 1
    as_nobody=()
    if [ "$(id -u)" -eq 0 ]; then
        as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
        mkdir "$work/bin"
        cp -P "$TARE" "${LIBTARE%/*}"/libtare.so* "$programs/known" "$work/bin/"
        chmod -R a+rX "$work"
    else
        mkdir "$work/bin"
        cp -P "$TARE" "${LIBTARE%/*}"/libtare.so* "$programs/known" "$work/bin/"
        chmod 555 .
    fi
    "${as_nobody[@]}" "$work/bin/tare" run -- "$work/bin/known" >"$work/out" 2>"$work/err" || fail "run"
    expect_text "$work/err" "Permission denied; it goes to $TMPDIR"
    expect_equal "$(find "$TMPDIR" -name 'known.*.tare' | wc -l)" 1 "records in TMPDIR"
fi
