#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The table of docs/probes.md is that of probes.def, and the commands that words.sh
# runs are in it.
set -euo pipefail
command -v python3 >/dev/null || { echo "skipped: no python3" >&2; exit 77; }

python3 - "$SOURCE_DIR/src/capture/probes.def" "$SOURCE_DIR/docs/probes.md" <<'END'
import re, sys
table, page = (open(path).read() for path in sys.argv[1:])
rows = []
for probe in re.findall(r"^TARE_PROBE\((.*?)\)$", re.sub(r"/\*.*?\*/", "", table, flags=re.S), re.M | re.S):
    provider, name = re.match(r"(\w+), (\w+),", probe).groups()
    *meaning, arguments = re.split(r"\"\s*,\s*\(", probe)
    meaning = re.sub(r'"\s*"', "", meaning[0].split('"', 1)[1])
    arguments = re.sub(r"\s+", " ", arguments.rsplit(")", 1)[1]).lstrip(", ")
    rows.append(f"| `{provider}:{name}` | {', '.join(f'`{a}`' for a in arguments.split(', '))} | {meaning} |")
if "\n".join(rows) not in page:
    sys.exit("docs/probes.md does not have this table:\n" + "\n".join(rows))
END
commands=$(sed -n 's/^\(perf [^>]*[^ >2]\) .*2\{0,1\}>.*/\1/p' "$SOURCE_DIR/tests/probes/words.sh")
[ "$(wc -l <<<"$commands")" = 3 ] || { echo "other commands than three: $commands" >&2; exit 1; }
while read -r command; do
    grep -qxF "# $command" "$SOURCE_DIR/docs/probes.md" || { echo "not in the page: $command" >&2; exit 1; }
done <<<"$commands"
