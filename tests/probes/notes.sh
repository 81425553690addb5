#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each probe stands once in what is linked, in every way to link, with its
# arguments and a semaphore that is 0 in the file.
. "$SOURCE_DIR/tests/probes/lib.sh"
needs readelf python3

for file in "$LIBTARE" "$programs"/probes_known_{static,static_no_pie,wrap,wrap_static}; do
    [ -e "$file" ] || fail "no $file"
    python3 - "$file" "$SOURCE_DIR/src/capture/probes.def" <<'END' || fail "$file"
import re, struct, subprocess, sys
file, table = sys.argv[1:]
def readelf(option):
    return subprocess.run(["readelf", option, file], capture_output=True, text=True, check=True).stdout
text = re.sub(r"/\*.*?\*/", "", open(table).read(), flags=re.S)
expected = {}
for provider, name, parameters in re.findall(r'^TARE_PROBE\((\w+), (\w+),[^(]*\(([^)]*)\)', re.sub(r'"[^"]*"', '""', text), re.M):
    expected[provider, name] = parameters.count(",") + 1
assert len(expected) == 10, expected
notes = re.findall(r"Provider: (\w+)\s+Name: (\w+)\s+Location: \w+, Base: \w+, Semaphore: (\w+)\s+Arguments: (.*)", readelf("-nW"))
assert sorted(n[:2] for n in notes) == sorted(expected), notes
segments = [[int(x, 16) for x in m.groups()] for m in
            re.finditer(r"LOAD\s+(0x\w+) (0x\w+) 0x\w+ (0x\w+) 0x\w+ RW", readelf("-lW"))]
data = open(file, "rb").read()
for provider, name, semaphore, arguments in notes:
    assert len(arguments.split()) == expected[provider, name], (name, arguments)
    offset = [int(semaphore, 16) - a + o for o, a, s in segments if a <= int(semaphore, 16) < a + s]
    assert len(offset) == 1, f"{name}: its semaphore is not in the file's writable data"
    assert struct.unpack_from("H", data, offset[0]) == (0,), name
END
done
