#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# heaptrack_print opens it: calls, peak, leaks and what each stack has of them are the record's.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/profiles/lib.sh"
need heaptrack_print heaptrack

# Each stack once, with its sum; those of 0 are left out.
add_up()
{
    awk '{ value = $NF; sub(/ [0-9]+$/, ""); sum[$0] += value } END { for (k in sum) if (sum[k]) print k, sum[k] }' "$@" |
        sort
}

# stacks TYPE NAME: as heaptrack writes them for flame graphs.
stacks()
{
    heaptrack_print --disable-builtin-suppressions -F "$work/stacks" --flamegraph-cost-type "$1" "$2.heaptrack" \
        >"$work/out" 2>"$work/err" || fail "heaptrack_print"
    sed -E 's/ \([^ ;()]*\.(c|cc|cpp|h|S)\)//g; s/;? ([0-9]+)$/ \1/' "$work/stacks" | add_up
}

# wanted TYPE NAME: the same of ours. heaptrack's calls are allocations and reallocations.
wanted()
{
    case $1 in
    leaked) add_up "$2.leak.folded" ;;
    peak) add_up "$2.peak.folded" ;;
    allocations) add_up "$2.count.folded" "$2.reallocations.folded" ;;
    temporary) add_up "$2.temporary.folded" ;;
    esac
}

record sites -- "$programs/sites"
for type in leaked peak allocations temporary; do
    stacks "$type" sites >actual
    wanted "$type" sites >expected
    diff actual expected >"$work/out" || fail "sites by $type"
done

# Of C++ it cuts names and the outer parts of stacks, so only the sums can be compared.
record globals -- "$programs/uses_globals"
record jq -- jq -n '[range(20)] | map({a: .}) | length'
for program in globals jq; do
    for type in leaked peak allocations; do
        stacks "$type" "$program" | awk '{ all += $NF } END { print all }' >actual
        wanted "$type" "$program" | awk '{ all += $NF } END { print all }' >expected
        diff actual expected >"$work/out" || fail "$program by $type"
    done
    expect_status 0 heaptrack_print --disable-builtin-suppressions "$program.heaptrack"
    expect_text "$work/out" "calls to allocation functions: $(jq '.allocations + .reallocations' "$program.json") ("
    expect_no_text "$work/err" "failed to parse"
done
