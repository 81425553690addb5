#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: ended.sh <killed | ends | no-room>
# Sites agree with the statistics however a program ends, in the middle of two threads' calls too; and where there was
# no room for more of them, that is said, and the statistics are exact.
# shellcheck source=../cli/lib.sh
. "$SOURCE_DIR/tests/cli/lib.sh"
ended=$BUILD_DIR/tests/sites/ended
ulimit -c 0

# run STATUS ARGUMENTS...: the report is $work/report.json, its text $work/err.
run() {
    local status=$1
    shift
    expect_status "$status" "$TARE" run --save "$work/record.tare" "$ended" "$@"
    "$TARE" report --format json --top all "$work/record.tare" >"$work/report.json" 2>>"$work/err" ||
        fail "tare report: $*"
    rm -r "$work/record.tare"
}

# holds WHAT FILTER
holds() {
    jq -e "$2" "$work/report.json" >"$work/out" || {
        jq -c 'del(.timeline, .modules, .histogram) | .sites |= map(del(.stack))' "$work/report.json" | head -c 2000
        fail "$1: $2"
    }
}

# Of every process: what the sites have and what is without one are the statistics.
expect_sums() {
    holds "sums" 'def sum(f): (map(f) | add) // 0;
        [., .processes[]?] | all(
            .allocations == .siteless.allocations + (.sites | sum(.allocations)) and
            .bytes_allocated == .siteless.bytes_allocated + (.sites | sum(.bytes_allocated)) and
            .leaked_allocations == .siteless.live_blocks + (.sites | sum(.live_blocks)) and
            .leaked_bytes == .siteless.live_bytes + (.sites | sum(.live_bytes)) and
            .reallocations == (.sites | sum(.reallocations)) or .inexact != [])'
    holds "truncated" '.truncated_allocations == 0'
}

all_have_sites='.inexact == [] and (.siteless | .allocations == 0 and .bytes_allocated == 0 and .live_blocks == 0 and
    .live_bytes == 0)'

# Each of the two threads may have been in the middle of one call, which then is half there: at most two blocks of 2,000
# bytes, and one that they were exchanged for.
two_calls_are_half_there='.inexact == ["ENDED_MID_CALL"] and (.siteless | [.allocations, .bytes_allocated, .live_blocks,
    .live_bytes] | map(fabs) | .[0] <= 2 and .[1] <= 4000 and .[2] <= 2 and .[3] <= 4000)'

# ends_by STATUS WAY ROUNDS
ends_by() {
    local exact=0
    for ((round = 1; round <= $3; round++)); do
        run "$1" "$2" $((1000 + RANDOM))
        expect_sums
        holds "round $round of $2" "($all_have_sites) or ($two_calls_are_half_there)"
        jq -e "$all_have_sites" "$work/report.json" >"$work/out" && exact=$((exact + 1))
    done
    echo "$2: $exact of $3 ended between calls"
}

# without STATISTICS SITES: 2,000 blocks from as many stacks, and fewer sites
expect_missing() {
    holds "figures" '[.allocations, .bytes_allocated, .leaked_allocations, .leaked_bytes] == [2000, 16000, 2000, 16000]'
    expect_sums
    holds "missing sites" '.siteless.allocations > 0 and .siteless.allocations == 2000 - .site_count'
    expect_text "$work/err" "without a site: $(jq '.siteless.allocations' "$work/report.json" |
        sed -E 's/([0-9])([0-9]{3})$/\1,\2/') allocations"
}

case $1 in
killed)
    ends_by 137 kill 20
    ;;
ends)
    ends_by 134 abort 3
    ends_by 3 exit 3
    run 0 exec
    expect_sums
    holds "after exec" '[.allocations, .bytes_allocated, .site_count] == [7, 70, 1]'
    holds "before exec" '.processes | map([.allocations, .bytes_allocated, .site_count]) == [[5, 500, 1]]'
    run 0 stacks 2000
    expect_sums
    holds "all sites" "$all_have_sites and .site_count == 2000"
    ;;
no-room)
    run 0 memory
    made=$(cut -d ' ' -f 1 "$work/out")
    expect_sums
    holds "failures" ".failed_allocations > 0 and .allocations == $made"
    run 0 file 2000
    expect_missing
    expect_status 0 "$TARE" run --save "$work/record.tare" "$ended" few
    size=$(($(stat -c %s "$work/record.tare") / 1024 + 128))
    rm "$work/record.tare"
    mkdir "$work/small"
    # shellcheck disable=SC2016 # for the other shell
    unshare -rm bash -c 'mount -t tmpfs -o size="$1"k tare "$2" && TMPDIR=$2 "$3" run --save "$4" "$5" stacks 2000' \
        - "$size" "$work/small" "$TARE" "$work/record.tare" "$ended" >"$work/out" 2>"$work/err" ||
        skip "no room: no small file system may be mounted here"
    "$TARE" report --format json --top all "$work/record.tare" >"$work/report.json" || fail "tare report"
    expect_missing
    ;;
esac
