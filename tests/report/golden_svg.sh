#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: golden_svg.sh GOLDEN_FILE PROGRAM [ARGUMENTS...]
# The SVG that the program prints is XML, the same each time, and without what stands in
# every one, its style and its script, the file. UPDATE=1 as for golden.sh.
set -euo pipefail
golden=$1
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$@" >"$scratch/graph.svg"
xmllint --noout --nonet "$scratch/graph.svg"
cmp "$scratch/graph.svg" <("$@")
here=$(dirname "${BASH_SOURCE[0]}")
bash "$here/golden.sh" "$golden" sed -e '/^<style>/,/^<\/style>/d' -e '/^<script>/,/^\]\]><\/script>/d' "$scratch/graph.svg"
