#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make install PREFIX=... with DESTDIR puts everything in its place, and the program and pages work there.
set -euo pipefail
# shellcheck source=tests/use/common.sh
source "$SOURCE_DIR/tests/use/common.sh"

# A copy of the tree, so that the build directory of the preset is not this one's.
mkdir "$scratch/tree"
cd "$SOURCE_DIR"
cp -r CMakeLists.txt CMakePresets.json Makefile LICENSE README.md CHANGELOG.md CONTRIBUTING.md cmake include src share docs bench examples "$scratch/tree"
mkdir "$scratch/tree/web"
cp web/report.html web/NOTICE "$scratch/tree/web"
make -C "$scratch/tree" install PREFIX=/opt/tare DESTDIR="$scratch/root" >"$scratch/log" 2>&1 ||
    { cat "$scratch/log"; exit 1; }

cd "$scratch/root/opt/tare"
for file in lib/libtare.so lib/libtare.a lib/libtare-wrap.a include/tare/tare.h include/tare/block.hpp \
    lib/cmake/tare/tareConfig.cmake lib/cmake/tare/tareConfigVersion.cmake lib/cmake/tare/tareTargets.cmake \
    lib/pkgconfig/tare.pc lib/pkgconfig/tare-static.pc lib/pkgconfig/tare-wrap.pc share/man/man3/tare.3 \
    share/doc/tare/LICENSE share/tare/bpftrace/scope.bt share/systemtap/tapset/tare.stp; do
    [[ -s $file ]] || { echo "not installed: $file"; exit 1; }
done
links=0
while IFS=: read -r page link; do
    [[ -e $(dirname "$page")/$link ]] || { echo "$page leads to $link, which is not installed"; exit 1; }
    links=$((links + 1))
done < <(grep -roE --include='*.md' '\]\([^)#:]+\)' share/doc/tare | sed -E 's/\]\((.*)\)/\1/')
((links > 10)) || { echo "only $links links found"; exit 1; }
objdump -p lib/libtare.so | grep 'SONAME *libtare\.so\.0'
if [[ -x $BUILD_DIR/tare ]]; then
    bin/tare run --no-save -- true
fi
