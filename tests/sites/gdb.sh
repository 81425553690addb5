#!/bin/bash
# SPDX-License-Identifier: MIT
# Our stacks are gdb's: for 1,000 allocations of each of jq, sqlite3 and python3, spread
# evenly over the run. gdb_stacks.py compares. $1: which program.
set -euo pipefail

samples=1000
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
skip() { echo "skipped: $*" >&2; exit 77; }

command -v gdb >/dev/null || skip "no gdb"
gdb -batch -ex 'python print(1)' >/dev/null 2>&1 || skip "gdb without Python"

case $1 in
jq)
    command -v jq >/dev/null || skip "no jq"
    program=(jq -n '[range(1; 401) | {name: "n\(.)", city: "c\(. % 7)", tags: ["a", "b\(. % 3)"]}]
        | group_by(.city)
        | map({city: .[0].city, count: length, tags: (map(.tags[]) | unique | join("-"))})')
    ;;
sqlite3)
    command -v sqlite3 >/dev/null || skip "no sqlite3"
    program=(sqlite3 :memory: "create table t(a integer primary key, b text);
        create index i on t(b);
        with recursive n(x) as (select 1 union all select x + 1 from n where x < 3000)
            insert into t select x, hex(x * 7919) from n;
        select count(*), max(b) from t where b like '3%';
        select substr(b, 1, 1) k, count(*) from t group by k order by 2;
        delete from t where a % 3 = 0;")
    ;;
python3)
    python=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null) || skip "no python3"
    export PYTHONMALLOC=malloc # else most of its blocks are cut from pools
    program=("$python" -S -c 'import json, re
items = [{"k": str(i), "v": [i] * 3} for i in range(100)]
text = json.dumps(json.loads(json.dumps(items)))
print(len(re.sub("[0-9]+", lambda match: match[0] * 2, text)), sorted(items, key=lambda item: item["k"])[0])')
    ;;
*) exit 2 ;;
esac
program[0]=$(command -v "${program[0]}")

"$TARE" run --json -o "$scratch/summary" --no-save -- "${program[@]}" >/dev/null
allocations=$(grep -o '"allocations": *[0-9]*' "$scratch/summary" | head -1 | grep -o '[0-9]*$')
stride=$((allocations / samples))
[ "$stride" -ge 1 ] || { echo "gdb.sh: only $allocations allocations" >&2; exit 1; }

mkdir "$scratch/store"
SAMPLES=$samples STRIDE=$stride DEBUGINFOD_URLS='' gdb -nx -nh -batch \
    -ex "set exec-wrapper env LD_PRELOAD=$LIBTARE TARE_STORE=$scratch/store" \
    -x "$SOURCE_DIR/tests/sites/gdb_stacks.py" --args "${program[@]}" >"$scratch/out" 2>&1 </dev/null || true
grep -E '^(RESULT|gdb:|tare:|  at )' "$scratch/out" | head -80 || true
read -r _ same _ different _ frames _ < <(grep '^RESULT' "$scratch/out") || { tail -20 "$scratch/out"; exit 1; }
echo "$1: $allocations allocations, each ${stride}th: $same stacks the same ($frames frames), $different different"
[ "$different" -eq 0 ] && [ "$same" -ge $((samples * 9 / 10)) ]
