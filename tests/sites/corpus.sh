#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: corpus.sh COMPILER [WAY PROGRAM...]
# Builds the programs of corpus/ by gcc or clang in many ways, runs them under tare, and holds what it says against
# what stands beside their lines (corpus.py). A way is one of those below, or options of the compiler.
set -uo pipefail

here=$SOURCE_DIR/tests/sites
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
unset DEBUGINFOD_URLS LD_PRELOAD TARE_STORE
export DEBUGINFOD_CACHE_PATH=$work/cache LC_ALL=C TMPDIR=$work here

# said WHAT: in the source, as in "WITH other.c".
said() {
    sed -nE "s/.*\b$1 ([A-Za-z_.-]+).*/\1/p" "$source" | head -n 1
}

compile() {
    local output=$1
    shift
    "$compiler" -g -D_GNU_SOURCE -I"$here/corpus" -I"$SOURCE_DIR/include" -fno-builtin -pthread "$@" -o "$output"
}

# build COMPILE-OPTIONS...: ./program from its objects, and its plug-in
build() {
    local with module extra language=() objects=(program.o)
    with=$(said WITH) module=$(said MODULE) extra=$(said OPTIONS)
    [[ $source != *.cc ]] || language=(-std=c++17)
    [[ $compiler != g++ ]] || language+=(-fno-allocation-dce)
    compile program.o -c "$@" "${language[@]}" ${extra:+"$extra"} "$source" || return 1
    if [[ -n $with ]]; then
        objects+=(with.o)
        compile with.o -c "$@" -fomit-frame-pointer -fno-asynchronous-unwind-tables "$here/corpus/$with" || return 1
    fi
    [[ -z $module ]] || compile plugin.so "$@" -shared -fPIC "$here/corpus/$module" || return 1
    if [[ $way == static ]]; then
        link_static
    else
        compile program "$@" "${objects[@]}" -ldl
    fi
}

link_static() {
    local libraries
    compiler=gcc compile main.o -c "$here/static_main.c" || return 1
    read -ra libraries <<<"$(sed -n 's/^Libs: [^ ]* //p' "$BUILD_DIR/tare-wrap.pc")"
    [[ $source != *.cc ]] || libraries+=(-lstdc++ -ltare-wrap) # which has what that wants of threads
    compile program -static "${objects[@]}" main.o -L"$BUILD_DIR" "${libraries[@]}"
}

strip_program() {
    objcopy --only-keep-debug program "$1" && objcopy --strip-all "${@:2}" program
}

# run TARE-OPTIONS...: into ./report.json
run() {
    "$TARE" run --no-save --json --top all -o report.json "$@" ./program ./plugin.so
}

# With ./debug as the directory of the system's debug files, for this command alone.
in_system_directory() {
    mkdir -p /usr/lib/debug && unshare -rm bash -c "mount --bind debug /usr/lib/debug && $*"
}

build_and_run() {
    local options id
    case $way in
    static)
        build -O1 -Dmain=program_main && SCOPE_FILE=scope.tare ./program &&
            "$TARE" report --format json --top all scope.tare >report.json
        ;;
    debug-link)
        build -O2 && strip_program program.debug --add-gnu-debuglink=program.debug && run
        ;;
    build-id)
        build -O2 -Wl,--build-id && id=$(readelf -n program | sed -n 's/.*Build ID: //p') &&
            mkdir -p "debug/.build-id/${id:0:2}" && strip_program "debug/.build-id/${id:0:2}/${id:2}.debug" &&
            in_system_directory run
        ;;
    slow)
        build -O2 && run --unwind slow
        ;;
    frame-pointers)
        build -O2 -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer && run --unwind frame-pointers
        ;;
    *)
        read -ra options <<<"$way"
        build "${options[@]}" && run
        ;;
    esac
}

# one PROGRAM COMPILER WAY: in a directory of its own.
one() {
    local source=$here/corpus/$1 compiler=$2 way=$3 sources=() options=() name
    grep -q "NOT $way\b" "$source" && return 0
    if [[ $1 == *.cc ]]; then
        compiler=${compiler/%gcc/g++}
        compiler=${compiler/%clang/clang++}
    fi
    sources=("$source")
    for name in $(said WITH) $(said MODULE); do
        sources+=("$here/corpus/$name")
    done
    case $way in
    static) options=(--main program_main) ;;
    frame-pointers) options=(--prefix) ;;
    esac
    mkdir -p "$TMPDIR/$1/$2/$3" && cd "$TMPDIR/$1/$2/$3" || return 1
    if build_and_run >log 2>&1 && python3 "$here/corpus.py" "${options[@]}" report.json "${sources[@]}" >>log 2>&1; then
        return 0
    fi
    printf 'FAILED: %s, %s\n%s\n' "$1" "$2 $3" "$(head -n 30 log)"
    return 1
}
export -f one build_and_run in_system_directory build link_static compile said run strip_program

# Every program in two ways, and several in every way.
plan() {
    cat <<'END'
-O0 *
-O2 *
-Og: functions.c children.c handlers.c starts.c lifetimes.c globals.cc
-O2 -fno-omit-frame-pointer -no-pie: plain.c recursive.c callbacks.c handlers.c plugin.c no_tables.c shapes.cc
-O0 -fomit-frame-pointer: plain.c recursive.c callbacks.c dynamic_frames.c contexts.c no_tables.c exceptions.cc
-O1 -fno-omit-frame-pointer: plain.c callbacks.c handlers.c no_tables.c threads.c exceptions.cc
-O2 -mstackrealign: plain.c recursive.c dynamic_frames.c handlers.c containers.cc
-O3 -fno-inline: plain.c lifetimes.c reallocs.c tail_calls.c globals.cc
static plain.c recursive.c callbacks.c functions.c handlers.c contexts.c threads.c shapes.cc exceptions.cc
debug-link plain.c recursive.c callbacks.c plugin.c shapes.cc
build-id plain.c recursive.c callbacks.c plugin.c shapes.cc
slow plain.c recursive.c callbacks.c handlers.c dynamic_frames.c threads.c exceptions.cc
frame-pointers plain.c recursive.c lifetimes.c reallocs.c tail_calls.c dynamic_frames.c threads.c
END
}

# each WAY PROGRAM...: one job a program, which may be patterns.
each() {
    local way=$1 program
    shift
    cd "$here/corpus" || exit 1
    # shellcheck disable=SC2048 # patterns are meant
    for program in $*; do
        [[ $program == *_code.c ]] || printf '%s\0%s\0%s\0' "$program" "$compiler" "$way"
    done
}

jobs() {
    local line
    if (($# > 0)); then
        each "$@"
        return
    fi
    while read -r line; do
        case $line in
        -*:*) each "${line%%:*}" "${line##*: }" ;;
        *) each "${line%% *}" "${line#* }" ;;
        esac
    done < <(plan | sed 's/ \*$/ *.c *.cc/')
}

compiler=$1
shift
command -v "$compiler" >/dev/null || { echo "skipped: no $compiler"; exit 77; }
jobs "$@" | xargs -0 -n 3 -P 2 bash -c 'one "$@"' one
