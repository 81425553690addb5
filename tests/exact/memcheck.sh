#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Real programs: what `tare run` counts is what Valgrind's memcheck counts for
# the same command, call for call. Memcheck has a reallocation as one alloc and
# one free. It is told to leave out the frees that it adds itself at the end.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HOME=$work LC_ALL=C GIT_CONFIG_NOSYSTEM=1

awk 'BEGIN {
    printf "["
    for (i = 0; i < 2000; i++) printf "%s{\"id\":%d,\"name\":\"n%d\",\"tags\":[%d,null,true]}", i ? "," : "", i, i * 7, i
    print "]"
}' >data.json
cat >script.sql <<'END'
CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
INSERT INTO t SELECT i, 'row ' || i, i / 3.0 FROM n;
CREATE INDEX i ON t(b);
SELECT count(*), sum(c), max(b) FROM t WHERE b LIKE 'row 1%';
END
cat >script.lua <<'END'
local t = {}
for i = 1, 3000 do t[i] = { name = "n" .. i, value = i * 2 } end
table.sort(t, function(a, b) return a.name < b.name end)
print(#t, t[1].name)
END
git -c init.defaultBranch=main init -q repo
(cd repo && cp ../data.json . && git add . && git -c user.name=t -c user.email=t@example.org commit -q -m first)

differences=0
compare() {
    local name=$1
    shift
    valgrind --tool=memcheck --run-libc-freeres=no --run-cxx-freeres=no --log-file=memcheck.log "$@" >/dev/null <&-
    "$TARE" run --json --output tare.json --no-follow --no-save -- "$@" >/dev/null <&-
    local theirs ours
    theirs=$(sed -n 's/.*total heap usage: \([0-9,]*\) allocs, \([0-9,]*\) frees.*/\1 \2/p' memcheck.log | tr -d ,)
    ours=$(jq -r '"\(.allocations + .reallocations) \(.deallocations + .reallocations)"' tare.json)
    if [ -n "$theirs" ] && [ "$theirs" = "$ours" ] && [ "$(jq -r '.inexact | length' tare.json)" = 0 ]; then
        echo "$name: $ours, the same"
    else
        echo "$name: memcheck counts '$theirs' allocs and frees, tare '$ours'"
        differences=$((differences + 1))
    fi
}
compare jq jq '[.[] | {id, n: .name}] | length' data.json
compare sqlite3 sqlite3 :memory: '.read script.sql'
compare lua5.4 lua5.4 script.lua
compare xz xz -k -c -T1 data.json
compare git git -C repo log --stat
[ "$differences" -eq 0 ]
