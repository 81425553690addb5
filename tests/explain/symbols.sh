#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: symbols.sh <gcc | clang | files>
# Function, file and line of every frame, to the line: by two compilers, at any optimization, in any kind of program;
# and from wherever the debug information is, or why there is none. SYMBOLIZE is symbolize.c, built.
set -euo pipefail
subject=$1
corpus=$SOURCE_DIR/tests/explain/corpus
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
unset DEBUGINFOD_URLS
export DEBUGINFOD_CACHE_PATH=$work/cache

fail() {
    echo "FAILED: $*"
    cat out 2>/dev/null || true
    exit 1
}

# build COMPILER SOURCE OPTIONS...: ./program, its stacks in ./stacks.
build() {
    local compiler=$1 source=$2
    shift 2
    [[ -e here.o ]] || gcc -D_GNU_SOURCE -O1 -c "$corpus/here.c" -o here.o
    "$compiler" "$@" "$corpus/$source" here.o -o program
    "$work/program" >stacks
}

symbolize() {
    "$SYMBOLIZE" "$@" <stacks >out || fail "symbolize"
}

# The frames of a stack up to main.
stack() {
    awk -v name="$1" '$0 == name { inside = 1; next } /^[^ ]/ { inside = 0 } inside' out | sed -E '/^  main( |$)/q'
}

# expect STACK <<END with "function @mark [inlined]", the innermost first.
expect() {
    local name=$1 source=$2
    sed -E "s/^/  /" | while IFS= read -r line; do
        mark=$(grep -oE '@[a-z-]+' <<<"$line") || { echo "$line"; continue; }
        number=$(grep -nE "[/*] $mark( |\$)" "$corpus/$source" | cut -d: -f1)
        echo "${line/$mark/$source:$number}"
    done >expected
    stack "$name" >actual
    diff -u expected actual || fail "stack $name of $source ($what)"
}

expect_plain() {
    expect inlined plain.c <<'END'
innermost @innermost inlined
middle @middle inlined
outer @outer
main @main-outer
END
    expect inlined-behind plain.c <<'END'
middle @behind inlined
outer @outer
main @main-outer
END
    expect deep plain.c <<'END'
deep @bottom
deep @deep
deep @deep
deep @deep
main @main-deep
END
    expect noreturn plain.c <<'END'
never_returns @never-returns
calls_one_that_never_returns @last
main @main-last
END
    # What libc has in between depends on its version, and on whether its debug file is there.
    stack callback | sed -n '1p;$p' | diff -u - <(printf '  compare plain.c:%s\n  main plain.c:%s\n' \
        "$(line_of plain.c compare)" "$(line_of plain.c main-qsort)") || fail "stack callback ($what)"
    stack signal | sed 2d | diff -u - <(printf '  handle plain.c:%s\n  fault plain.c:%s\n  main plain.c:%s\n' \
        "$(line_of plain.c handle)" "$(line_of plain.c fault)" "$(line_of plain.c main-fault)") ||
        fail "stack signal ($what)"
}

line_of() {
    grep -nE "[/*] @$2( |\$)" "$corpus/$1" | cut -d: -f1
}

# gcc calls a lambda as the language's ABI says, clang by a number.
expect_shapes() {
    local lambda inlined
    case $1 in
    gcc) lambda='main::{lambda()#1}' inlined='main::{lambda}::operator()' ;;
    clang) lambda="main::\$_0" inlined="main::\$_0::operator()() const" ;;
    esac
    expect constructor shapes.cc <<'END'
shapes::Box<int>::Box(int) @constructor
main @main-constructor
END
    expect destructor shapes.cc <<'END'
shapes::Box<int>::~Box() @destructor
main @main-destructor
END
    expect method shapes.cc <<'END'
shapes::Box<int>::is_more_than<long>(long const&) const @method inlined
shapes::Box<int>::operator+=(int) @operator
main @main-operator
END
    expect virtual shapes.cc <<'END'
(anonymous namespace)::hidden(char const*, double) @hidden
Derived::shout() @shout
on_base(Base&) @on-base
main @main-base
END
    expect lambda shapes.cc <<END
(anonymous namespace)::hidden(char const*, double) @hidden
$inlined @lambda inlined
shapes::apply<$lambda>($lambda) @apply
main @main-apply
END
}

# both COMPILER OPTIONS...: the whole corpus, built with them.
both() {
    local compiler=$1
    shift
    what="$compiler $*"
    build "$compiler" plain.c "$@"
    symbolize
    expect_plain
    build "$(sed 's/gcc/g++/; s/clang/clang++/' <<<"$compiler")" shapes.cc "$@"
    symbolize
    expect_shapes "$compiler"
}

compilers() {
    local compiler=$1 optimization
    for optimization in -O0 -Og -O2; do
        both "$compiler" -g "$optimization"
    done
    both "$compiler" -g -O2 -no-pie
    both "$compiler" -g -O2 -static
    both "$compiler" -g -O2 -static-pie
    both "$compiler" -g -O2 -fomit-frame-pointer -gdwarf-4
    both "$compiler" -g -O2 -gsplit-dwarf
    both "$compiler" -g -O2 -gz
    what="$compiler -g1" # no types, so no names of what encloses a method that was inlined
    build "$compiler" plain.c -g1 -O2
    symbolize
    expect_plain
}

# ---- Files ------------------------------------------------------------------------------------

build_id() {
    readelf -n program | sed -n 's/.*Build ID: //p'
}

# Puts the debug information of ./program into a file of its own.
strip_program() {
    objcopy --only-keep-debug program "$1"
    objcopy --strip-all "${@:2}" program
}

expect_problem() {
    grep -qF "problem: program $1" out || fail "no problem \"$1\" ($what)"
}

expect_no_problem() {
    ! grep -q "^problem: program" out || fail "a problem ($what)"
}

# The functions only, and only outer ones, as symbols tell them.
expect_symbols() {
    stack inlined | diff -u - <(printf '  outer\n  main\n') || fail "stack inlined ($what)"
    expect_no_problem
}

expect_nothing() {
    sed -n '/^inlined$/,/^inlined-behind$/p' out | sed -n 2p | diff -u - <(echo '  ?') || fail "not nothing ($what)"
}

by_id=debug/.build-id

files() {
    local id
    what="debug file beside the program"
    build gcc plain.c -g -O2 -Wl,--build-id
    strip_program program.debug --add-gnu-debuglink=program.debug
    symbolize && expect_plain

    what="debug file in .debug"
    mkdir .debug && mv program.debug .debug
    symbolize && expect_plain

    what="debug file by name below a path of the user's"
    mkdir -p "debug/$work" && mv .debug/program.debug "debug/$work"
    symbolize "$work/debug" && expect_plain
    symbolize && expect_nothing

    what="debug file by build ID"
    id=$(build_id)
    mkdir -p "$by_id/${id:0:2}" && mv "debug/$work/program.debug" "$by_id/${id:0:2}/${id:2}.debug"
    symbolize "nowhere:$work/debug" && expect_plain && expect_no_problem
    symbolize && expect_nothing && expect_no_problem

    what="gone, but for its debug file"
    mv program kept
    symbolize "$work/debug" && expect_plain && expect_no_problem

    what="gone"
    symbolize
    expect_problem "is gone" && expect_nothing
    mv kept program

    what="debug file of another build"
    cp "$by_id/${id:0:2}/${id:2}.debug" right.debug
    build gcc plain.c -g -O1 -Wl,--build-id
    objcopy --only-keep-debug program "$by_id/${id:0:2}/${id:2}.debug"
    cp stacks other_stacks
    build gcc plain.c -g -O2 -Wl,--build-id
    objcopy --strip-all program
    [[ $(build_id) == "$id" ]] || fail "the same source made another program"
    symbolize "$work/debug" && expect_nothing

    what="rebuilt since"
    cp right.debug "$by_id/${id:0:2}/${id:2}.debug"
    cp stacks right_stacks
    build gcc plain.c -g -O1 -Wl,--build-id
    cp right_stacks stacks
    symbolize
    expect_problem "was rebuilt since: its build ID differs" && expect_nothing

    what="rebuilt since, and the old debug file is there"
    symbolize "$work/debug" && expect_plain && expect_no_problem

    what="debuginfod, by a file URL"
    mkdir -p "served/buildid/$id" "$DEBUGINFOD_CACHE_PATH"
    cp right.debug "served/buildid/$id/debuginfo"
    build gcc plain.c -g -O2 -Wl,--build-id
    objcopy --strip-all program
    cp program "served/buildid/$id/executable"
    if [[ $have_debuginfod ]]; then
        DEBUGINFOD_URLS=file://$work/served symbolize && expect_plain
        mv program kept && rm -rf "$DEBUGINFOD_CACHE_PATH"
        what="gone, and debuginfod has it"
        DEBUGINFOD_URLS=file://$work/served symbolize && expect_plain && expect_no_problem
        rm -rf "$DEBUGINFOD_CACHE_PATH"
        what="debuginfod is not asked unless it is set"
        DEBUGINFOD_URLS='' symbolize
        expect_problem "is gone"
        [[ ! -e $DEBUGINFOD_CACHE_PATH ]] || fail "something was asked for"
    fi

    what="no debug information"
    build gcc plain.c -O2
    symbolize && expect_symbols

    what="no symbols but dynamic ones"
    build gcc plain.c -O2 -rdynamic
    objcopy --strip-all program
    symbolize
    stack inlined | diff -u - <(printf '  ?\n  main\n') || fail "stack inlined ($what)"

    what="no symbols"
    build gcc plain.c -O2
    objcopy --strip-all program
    symbolize && expect_nothing && expect_no_problem

    what="no build ID"
    both gcc -g -O2 -Wl,--build-id=none

    what="rebuilt since, without a build ID before"
    build gcc plain.c -g -O2 -Wl,--build-id=none
    cp stacks right_stacks
    build gcc plain.c -g -O2 -Wl,--build-id
    cp right_stacks stacks
    symbolize
    expect_problem "was rebuilt since: its build ID differs" && expect_nothing

    what="no ELF file"
    build gcc plain.c -g
    echo text >program
    symbolize
    expect_problem "can't be read: " && expect_nothing

    what="no file, and none that keeps us waiting"
    rm program && mkfifo program
    symbolize
    expect_problem "is no regular file"
    rm program && ln -s /dev/zero program
    symbolize
    expect_problem "is no regular file"
    rm program && mkdir program
    symbolize
    expect_problem "is no regular file"
}

have_debuginfod=$(ldconfig -p 2>/dev/null | grep -o libdebuginfod.so.1 | head -n1 || true)
case $subject in
files) files ;;
*) compilers "$subject" ;;
esac
