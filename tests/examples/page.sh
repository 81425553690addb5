#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: page.sh <page> [--update]
# Every code block of a page of the documentation, README.md for one, is built and run, as by a reader who has
# installed tare:
#   c, cpp, cmake   are written to the file that their first line names; cmake is then built
#   console         each command after "$ " must print what stands below it
# A relative link must lead to a file. With --update the console blocks are filled in anew instead.
set -euo pipefail
name=$1 update=${2:-}
page=$SOURCE_DIR/$name
# shellcheck source=tests/use/common.sh
source "$SOURCE_DIR/tests/use/common.sh"
install_tare
export PATH=$prefix/bin:$PATH CPATH=$prefix/include LIBRARY_PATH=$prefix/lib
mkdir "$scratch/reader"
cd "$scratch/reader"

# Where a failing program saves its scope, and where its source lies, is the reader's business.
mkdir "$scratch/tmp"
export TMPDIR=$scratch/tmp
unset TARE_SAVE_DIR
places() {
    sed -E "s#$scratch/tmp/(tare-[^ ]*)-[0-9]+-([0-9]+\.tare)#/tmp/\1-1234-\2#; s#$scratch/reader#/home/me#g"
}

# What a command prints. A shell at a terminal says by itself that its command was aborted.
run() {
    local status=0
    { bash -c "$1" >"$scratch/output" 2>&1; } 2>/dev/null || status=$?
    places <"$scratch/output"
    ((status != 134)) || echo "Aborted"
    # 1 and 134 are what failed expectations look like.
    ((status == 0 || status == 1 || status == 134)) || echo "exit status $status"
}

# The figures of a program of the system move with its version, and with them the columns. Times move always.
normalise() {
    if [[ $1 == "tare "* ]]; then
        sed -E 's/\b[0-9a-f]{16}\b/ID/g; s/^[0-9]+(-[0-9]+)? +[0-9,]+ #+$/HISTOGRAM/; s/[0-9][0-9,]*/N/g; s/ +/ /g' | uniq
    else
        sed -E 's/\b[0-9a-f]{16}\b/ID/g; s/\b[0-9]+ ms\b/N ms/g'
    fi
}

failed=0
console() {
    local line command='' shown=''
    check() {
        [[ -n $command ]] || return 0
        run "$command" >"$scratch/printed"
        if [[ $update ]]; then
            printf '$ %s\n' "$command"
            cat "$scratch/printed"
        elif ! diff -u --label "$name" <(printf '%s' "$shown" | normalise "$command") \
            --label "printed by: $command" <(normalise "$command" <"$scratch/printed"); then
            failed=1
        fi
    }
    while IFS= read -r line; do
        if [[ $line == '$ '* ]]; then
            check
            command=${line#\$ } shown=''
        else
            shown+=$line$'\n'
        fi
    done <<<"${1%$'\n'}"
    check
}

file_named_in() {
    local file
    file=$(sed -nE '1s!^(/\*|//|#) ([A-Za-z0-9_.-]+).*!\2!p' <<<"$1")
    [[ -n $file ]] || { echo "a block of $name does not name its file" >&2; exit 1; }
    printf '%s' "$1" >"$file"
}

block() {
    case $1 in
    c | cpp) file_named_in "$2" ;;
    cmake)
        file_named_in "$2"
        { cmake -S . -B build && cmake --build build; } >"$scratch/log" || { cat "$scratch/log"; failed=1; }
        ;;
    console) console "$2" ;;
    *) echo "no way to check a block of \"$1\""; failed=1 ;;
    esac
}

blocks=0 language='' text=''
while IFS= read -r line; do
    if [[ -z $language && $line == '```'?* ]]; then
        language=${line#'```'} text=''
        [[ ! $update ]] || printf '%s\n' "$line"
    elif [[ -n $language && $line == '```' ]]; then
        if [[ ! $update ]]; then
            block "$language" "$text"
        elif [[ $language == console ]]; then
            console "$text"
        else
            block "$language" "$text" >&2
            printf '%s' "$text"
        fi
        [[ ! $update ]] || printf '%s\n' "$line"
        language='' blocks=$((blocks + 1))
    elif [[ -n $language ]]; then
        text+=$line$'\n'
    elif [[ $update ]]; then
        printf '%s\n' "$line"
    fi
done <"$page" >"$scratch/page"

if [[ $update ]]; then
    cp "$scratch/page" "$page"
    exit
fi
cat "$scratch/page"
((blocks > 1)) || { echo "only $blocks blocks found"; failed=1; }
while read -r link; do
    [[ -e $(dirname "$page")/$link ]] || { echo "$name leads to $link, which is not there"; failed=1; }
done < <(grep -oE '\]\([^)#:]+[#)]' "$page" | tr -d ']()#')
exit $failed
