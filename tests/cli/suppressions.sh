#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Leaks that are known do not count, and are said.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"
run=("$TARE" run --no-save)

printf '# known\n\nleak:^hold$\n' >hold.supp
expect_status 0 "${run[@]}" --suppressions hold.supp --expect leaked_bytes==7 --expect leaked_allocations==1 -- "$programs/sites"
expect_text "$work/err" "suppressed: 10 blocks 1,000 bytes by leak:^hold\$"
expect_text "$work/err" "leaked: 1 site"
expect_status 1 "${run[@]}" --suppressions hold.supp --expect leaked_bytes==0 -- "$programs/sites"
expect_text "$work/err" "suppressed: 10 blocks"
expect_text "$work/err" "leaks without the 10 blocks of 1,000 bytes that suppressions cover"
echo 'leak:recurse' >recurse.supp
expect_status 0 "${run[@]}" --suppressions hold.supp --suppressions recurse.supp --expect leaked_bytes==0 -- "$programs/sites"
expect_no_text "$work/err" "leaked: "
TARE_SUPPRESSIONS=recurse.supp expect_status 0 "${run[@]}" --suppressions hold.supp --expect leaked_bytes==0 -- "$programs/sites"
echo 'leak:tests/cli/sites.c' >file.supp
expect_status 0 "${run[@]}" --suppressions file.supp --json -- "$programs/sites"
expect_json '[.leaked_bytes, .leaked_allocations, .suppressed_bytes, .suppressed_allocations]' '[0,0,1007,11]'
expect_json '[.sites[] | select(.suppressed_by == "tests/cli/sites.c") | .live_bytes] | add' 1007
echo "leak:$programs/sites" >module.supp
expect_status 0 "${run[@]}" --suppressions module.supp --expect leaked_bytes==0 -- "$programs/sites"
echo 'leak:nothing of the kind' >other.supp
expect_status 0 "${run[@]}" --suppressions other.supp --expect leaked_bytes==1007 -- "$programs/sites"
expect_no_text "$work/err" "suppressed"

# Also of records.
expect_status 0 "$TARE" run --save record -- "$programs/sites"
expect_status 0 "$TARE" report record --suppressions hold.supp
expect_text "$work/out" "suppressed: 10 blocks 1,000 bytes"
TARE_SUPPRESSIONS=file.supp expect_status 0 "$TARE" report record --json
expect_equal "$(jq .leaked_bytes "$work/out")" 0
expect_status 0 "$TARE" diff record record --suppressions file.supp --json
expect_equal "$(jq .after.leaked_bytes "$work/out")" 0

# What can't be read is said before the program runs.
printf 'leak:a\n\nrace:b\n' >bad.supp
expect_status 2 "${run[@]}" --suppressions bad.supp -- touch ran
expect_text "$work/err" "bad.supp:3: this is no suppression; expected: leak:PATTERN, or a comment that begins with #"
printf 'leak:\n' >empty.supp
TARE_SUPPRESSIONS=empty.supp expect_status 2 "${run[@]}" -- touch ran
expect_text "$work/err" "empty.supp:1: this is no suppression; expected: a pattern behind leak:"
expect_status 3 "${run[@]}" --suppressions missing.supp -- touch ran
expect_text "$work/err" "can't read the suppressions in missing.supp: No such file or directory"
expect_status 3 "${run[@]}" --suppressions . -- touch ran
expect_text "$work/err" "Is a directory"
expect_status 2 "${run[@]}" --no-sites --suppressions hold.supp -- touch ran
expect_text "$work/err" "--suppressions needs the call stacks that --no-sites turns off"
[ ! -e ran ] || fail "the program ran"
