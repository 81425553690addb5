#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: picture.sh [--update]
# The commands of README.md make the picture below them: what they make now is docs/flame.svg,
# but for the frames and figures, which move with the system's jq. --update writes it anew.
set -euo pipefail
picture=$SOURCE_DIR/docs/flame.svg
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
export PATH=$BUILD_DIR:$PATH

# The console block that draws.
awk '/^```console$/ { block = ""; inside = 1; next }
     /^```$/ { if (inside && block ~ /--flamegraph flame\.svg/) printf "%s", block; inside = 0 }
     inside && sub(/^\$ /, "") { block = block $0 "\n" }' "$SOURCE_DIR/README.md" >commands
[[ $(wc -l <commands) == 2 ]] || { echo "README.md has no two commands that draw flame.svg"; exit 1; }
bash -e commands >printed
[[ $(<printed) == 20000 ]]
xmllint --noout --nonet flame.svg

if [[ ${1:-} == --update ]]; then
    cp flame.svg "$picture"
    exit
fi
same() {
    sed -E -e '/^<g role="treeitem"/,/<\/g>$/d' -e '/<metadata/,/<\/metadata>/d' -e '/^<rect x.*<text/d' \
        -e '/^<text class="note"/d' -e 's/(height|viewBox|data-top|data-levels|data-left-out)="[0-9 ]*"/\1=""/g' \
        -e 's/[0-9,]+ (bytes|allocations)/N \1/g' "$1"
}
diff -u <(same "$picture") <(same flame.svg) || {
    echo "docs/flame.svg is not what README.md makes: tests/examples/picture.sh --update, with the environment of ctest -V"
    exit 1
}
# And it is of something.
for function in jq_next jv_parser_next jv_array_sized; do
    for file in "$picture" flame.svg; do
        grep -q "^<g role=\"treeitem\"><title>$function\$" "$file" || { echo "$file has no $function"; exit 1; }
    done
done
