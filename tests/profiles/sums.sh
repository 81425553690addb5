#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Programs whose stacks are known, and others: every format has the sums of the record, of each stack and in all.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/profiles/lib.sh"

# sums NAME COMMAND...
sums()
{
    record "$@"
    expect_status 0 python3 "$here/sums.py" "$1.json" "$1"
}

# line METRIC NAME VALUE: what the comment in sites.c says, at the end of a line.
line()
{
    local found
    found=$(sed -nE "s/^(.*;)?$2 //p" "sites.$1.folded" | awk "{ all += \$1 } END { print all + 0 }")
    expect_equal "$found" "$3" "$2 by $1"
}

sums sites -- "$programs/sites"
line bytes hold 1000
line count hold 10
line peak hold 1000
line leak hold 1000
line bytes churn 1000
line temporary churn 50
line leak churn 0
line bytes grow 1000
line reallocations grow 1
line leak recurse 7
expect_text sites.leak.folded "main;recurse;recurse;recurse;recurse;recurse 7"

sums none --no-sites -- "$programs/sites" # all of it is under [no call stack]
expect_equal "$(cat none.bytes.folded)" "[no call stack] 3007" "the only line"
sums cut --depth 2 -- "$programs/sites"
expect_text cut.leak.folded "[truncated: the depth that was asked for];recurse;recurse 7"
sums globals -- "$programs/uses_globals"
sums jq -- jq -n '[range(20)] | map({a: .}) | length'
sums sqlite3 -- sqlite3 :memory: 'create table t(a); insert into t values(1), (2); select sum(a) from t;'

# The same record makes the same bytes.
for file in sites.pb.gz sites.speedscope.json sites.dhat.json sites.heaptrack sites.trace.json sites.leak.folded; do
    mv "$file" first.$file
done
for format in pprof:pb.gz speedscope:speedscope.json dhat:dhat.json heaptrack:heaptrack chrome:trace.json; do
    expect_status 0 "$TARE" report sites.tare --format "${format%%:*}" -o "sites.${format#*:}"
    cmp "first.sites.${format#*:}" "sites.${format#*:}" || fail "${format%%:*} is not the same again"
done
