#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SystemTap finds each probe of the tapset in the library, with its variables. Running
# a script takes a kernel with kprobes and its headers, finding probes only the file
# that says how a kernel was configured: a tree with no more than that stands in.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/probes/lib.sh"
needs stap
export HOME=$work

tree=$work/kernel
mkdir -p "$tree"/include/{config,generated,linux} "$work/tapset"
uname -r >"$tree/include/config/kernel.release"
printf 'CONFIG_%s=y\n' UPROBES ARCH_SUPPORTS_UPROBES TRACEPOINTS UPROBE_EVENTS >"$tree/.config"
touch "$tree"/{Makefile,Module.symvers,System.map}
sed "s|\"@CMAKE_INSTALL_FULL_LIBDIR@[^\"]*\"|\"$LIBTARE\"|" "$SOURCE_DIR/share/systemtap/tapset/tare.stp.in" >"$work/tapset/tare.stp"

stap -r "$tree" -I "$work/tapset" -L 'tare.*' >"$work/found" 2>"$work/err" || { cat "$work/err" >&2; fail "stap -L"; }
[ "$(wc -l <"$work/found")" = "$(probe_names | wc -l)" ] || { cat "$work/found" >&2; fail "not every probe is found"; }
grep -q '^tare.alloc ptr:long size:long scope:long ' "$work/found" || fail "tare.alloc has other variables"
for probe in $(probe_names); do
    grep -q "^tare\.${probe#*:} " "$work/found" || fail "no tare.${probe#*:}"
done
stap -r "$tree" -I "$work/tapset" -p2 -e 'global bytes
    probe tare.alloc { bytes <<< size }
    probe tare.scope_open { println(scope_name) }
    probe end { println(@sum(bytes)) }' >"$work/out" 2>"$work/err" || { cat "$work/err" >&2; fail "stap -p2"; }
