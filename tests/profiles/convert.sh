#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tare convert and tare merge: what they take, what they refuse and where they say that it is wrong.
# shellcheck source=lib.sh
. "$SOURCE_DIR/tests/profiles/lib.sh"

make_pprof()
{
    python3 "$here/make_pprof.py" "$1" "${2:-$1.pb}" || fail "make_pprof.py $1"
}

# refused STATUS TEXT ARGUMENTS...: nothing is written.
refused()
{
    local status=$1 text=$2
    shift 2
    expect_status "$status" "$TARE" "$@"
    expect_text "$work/err" "$text"
    [ ! -s "$work/out" ] || fail "something on stdout"
}

# folds_to TEXT: what is on stdin, as the lines of TEXT.
folds_to()
{
    "$TARE" convert "${@:2}" >"$work/out" 2>"$work/err" || fail "tare convert ${*:2}"
    expect_equal "$(cat "$work/out")" "$1" "the output"
}

# ---- Folded --------------------------------------------------------------------------------------------------------

printf 'main;f 1\nmain;g(int, char) const 20\n\nmain;f 4\n' | folds_to $'main;f 5\nmain;g(int, char) const 20'
printf 'main;f -3\r\nmain\t7' | folds_to $'main;f -3\nmain 7'
printf 'a;;b 1\n 2\n' | folds_to $'a;[unknown];b 1\n[unknown] 2'
printf 'a\x01b;c\xffd 1\n' | folds_to $'a?b;c\xef\xbf\xbdd 1'
printf '' | folds_to ''
printf '\n\n' | folds_to ''
printf 'main 0\n' | folds_to ''
printf 'main 3\n' | gzip | folds_to 'main 3'
printf 'main 3\n' | folds_to 'main 3' -
printf '9223372036854775806\n' >number.folded # no name, no blank
refused 3 "can't read number.folded: line 1: it does not end in a blank and a whole number" \
    convert --from folded number.folded
printf 'main;f 1\nmain;g 1.5\n' >fraction.folded
refused 3 "fraction.folded: line 2: it does not end in a blank and a whole number" convert fraction.folded
printf 'a 1\nb 9223372036854775808\n' >large.folded
refused 3 "large.folded: line 2: its value does not fit 64 bits" convert large.folded
printf 'a 9223372036854775807\na 1\n' >sum.folded
refused 3 "sum.folded: line 2: the stack's values don't fit 64 bits" convert sum.folded
printf 'a 9223372036854775807\nb 1\n' >total.folded
refused 3 "total.folded: the sum of its stacks' values does not fit 64 bits" convert total.folded
printf 'a 1\nb\0c 1\n' >nul.folded
refused 3 "nul.folded: line 2: a NUL byte" convert nul.folded
printf 'this is no profile\n' >prose
refused 3 "prose: it is of no format that tare reads" convert prose
printf 'main 3\n' | gzip | head -c 20 >cut.gz
refused 3 "cut.gz: it is cut off: gzip's data goes on behind its end at offset 20" convert cut.gz
{ printf 'main 3\n' | gzip | head -c 12; printf 'not deflate at all'; } >damaged.gz
refused 3 "damaged.gz: it is damaged: gzip's data at offset " convert damaged.gz
head -c 16M /dev/zero | gzip >member.gz
for ((i = 0; i < 65; i++)); do
    cat member.gz
done >bomb.gz
refused 3 "bomb.gz: it is larger than 1 GiB when unpacked" convert bomb.gz

# ---- pprof ---------------------------------------------------------------------------------------------------------

make_pprof hostile
make_pprof hostile hostile.pb.gz
wanted='main;"quoted\" 10
main;<b>&amp:</b> 20
main;a�b 40
main;semi:colon 80
main;two?lines 160
main;[unknown] 10000'
folds_to "$wanted" hostile.pb
folds_to "$wanted" hostile.pb.gz
expect_status 0 "$TARE" convert hostile.pb --metric count
expect_text "$work/out" 'main;two?lines 16'
expect_text "$work/out" 'main;[unknown] 1000'
refused 2 "convert: the profile has no type 'peak_space'" convert hostile.pb --metric peak
refused 2 "There are alloc_objects, alloc_space." convert hostile.pb --type cpu
printf 'main 1\n' >main.folded
refused 2 "There are samples." convert main.folded --type cpu
make_pprof empty
folds_to '' empty.pb
make_pprof negative # what can't be there in speedscope is named
folds_to "$wanted"$'\n''main -50' negative.pb
expect_status 0 "$TARE" convert negative.pb -o negative.pb.gz
folds_to "$wanted"$'\n''main -50' negative.pb.gz
expect_status 0 "$TARE" convert negative.pb -o negative.speedscope.json
expect_equal "$(jq -c '[.profiles[] | .name, .endValue]' negative.speedscope.json)" \
    '["alloc_objects (without -5)",1031,"alloc_space (without -50)",10310]' "what speedscope gets"

size=$(stat -c %s hostile.pb)
while read -r case text; do
    make_pprof "$case"
    if [[ $text =~ SIZE\+(.) ]]; then # what is wrong comes behind the valid one
        text=${text/SIZE+?/$((size + BASH_REMATCH[1]))}
    fi
    refused 3 "can't read $case.pb: $text" convert --from pprof "$case.pb"
done <<'END'
cut it is damaged at offset
field_zero it is damaged at offset SIZE+0: this is no field
group it is damaged at offset SIZE+0: this is no field
long_number it is damaged at offset SIZE+1: a number is longer than 10 bytes
wrong_type it is damaged at offset SIZE+0: a number stands where none is expected
inner it is damaged at offset SIZE+4: a field goes on behind the end of its message
nothing it has no sample type
no_location sample 7: there is no location with the id 12345
few_values sample 7 has 1 values, and there are 2 sample types
too_many sample 8: the stack's values don't fit 64 bits
too_many_in_all the sum of its stacks' values does not fit 64 bits
no_function location 8: there is no function with the id 77
no_mapping location 8: there is no mapping with the id 77
same_id location 8 has the id 1000, as one before
no_id function 7 has no id
no_string there is no string 9999, of which there are 14
negative_string there is no string -1, of which there are 14
nul a NUL byte is in string 8
no_types it has no sample type
same_types the sample type 'alloc_objects' is there twice
END

# Cut off anywhere, it is refused or, between two fields, a smaller one; never worse.
for ((length = 1; length < size; length += 13)); do
    head -c "$length" hostile.pb | "$TARE" convert --from pprof - >"$work/out" 2>"$work/err"
    status=$?
    [ "$status" -eq 0 ] || { [ "$status" -eq 3 ] && [ ! -s "$work/out" ]; } || fail "status $status of $length bytes"
done

# ---- perf ----------------------------------------------------------------------------------------------------------

cat >perf.txt <<'END'
# captured on: a comment
two words 4242/4243 [001] 5.250000: sdt_tare:alloc: (55d0c0a01234) arg1=94000000000000 arg2=100 arg3=0
	    55d0c0a01234 grow(int, char const*) const+0x12 (/bin/pro gram (deleted))
	    55d0c0a01100 inner (inlined)
	    55d0c0a01100 main+0x10 (/bin/pro gram (deleted))
	    7f0000001000 [unknown] (/lib/libc.so.6)
	    7f0000002000 [unknown] ([unknown])

two words 4242/4243 [001] 5.250001: sdt_tare:alloc_1: (55d0c0a01234) arg1=94000000000000 arg2=0x20 arg3=0
	    55d0c0a01234 grow(int, char const*) const+0x12 (/bin/pro gram (deleted))

two words 4242/4243 [001] 5.250002: sdt_tare:realloc: (55d0c0a01234) arg1=94 arg2=95 arg3=10 arg4=300 arg5=0

two words 4242/4243 [001] 5.250003: sdt_tare:scope_close: (55d0c0a01234) arg1=1 arg2=3 arg3=5 arg4=6
	    55d0c0a01100 main+0x10 (/bin/program)
END
folds_to "0x7f0000002000;[libc.so.6];main;inner;grow(int, char const*) const 100
grow(int, char const*) const 32" perf.txt
folds_to "0x7f0000002000;[libc.so.6];main;inner;grow(int, char const*) const 1
grow(int, char const*) const 1" perf.txt --type sdt_tare:alloc
folds_to "[no call stack] 300" perf.txt --type sdt_tare:realloc:bytes
folds_to "main 1" perf.txt --type sdt_tare:scope_close
refused 2 "There are sdt_tare:alloc, sdt_tare:alloc:bytes, sdt_tare:realloc, sdt_tare:realloc:bytes, sdt_tare:scope_close." \
    convert perf.txt --type sdt_tare:scope_close:bytes
cat >inlined.txt <<'END'
program 1 1.0: probe_libc:malloc: (98930) size=0x10
	           98930 __GI___libc_malloc+0x0 (inlined)
	           1271f inner+0x91 (inlined)
	           1271f outer+0x91 (/bin/program)
	           10ddf main+0xd (/bin/program)
END
expect_status 0 "$TARE" convert inlined.txt -o inlined.pb.gz
python3 - >"$work/out" <<'END' || fail "inlined.pb.gz"
import profiles
profile = profiles.pprof_messages("inlined.pb.gz")
for number in profile.samples[0].all[1]:
    location = profile.locations[number]
    mapping = profile.mappings.get(location.one(2))
    print(profiles.pprof_names(profile, location), profile.text[mapping.one(5)] if mapping else "?")
END
expect_equal "$(cat "$work/out")" "['__GI___libc_malloc'] ?
['inner', 'outer'] /bin/program
['main'] /bin/program" "what is inlined"
cat >known.txt <<'END'
program 1 [000] 1.0: probe_libc:malloc: (7f00) bytes=7
	7f00 malloc+0x0 (/lib/libc.so.6)
	55d0 main+0x1 (/bin/program)

          program     1 [000]     2.5:     250000 cycles:u:      55d0 main+0x1 (/bin/program)
program 1 [000] 1.0: sdt_LockedAllocator:alloc_locked: (7f00) arg1=1 arg2=9
END
folds_to 'main;malloc 7' known.txt
folds_to '[no call stack] 9' known.txt --type sdt_LockedAllocator:alloc_locked:bytes
folds_to '[no call stack] 1' known.txt --type cycles:u
sed 's/main+0x10 (/main+0x10 /' perf.txt >frame.txt
refused 3 "frame.txt: line 5: this is no frame" convert frame.txt
sed 's/5.250001: /5.250001 /' perf.txt >event.txt
refused 3 "event.txt: line 9: this is no event" convert event.txt
sed '9s/arg2=0x20/arg2=huge/' perf.txt >size.txt
refused 3 "size.txt: line 9: this event has no size that can be read" convert size.txt
printf 'p 1 1.0: sdt_a:alloc_locked: arg1=1 arg2=9\n\np 1 1.0: sdt_a:alloc_locked:bytes: x=1\n' >twice.txt
refused 3 "twice.txt: two kinds of its events would have the type 'sdt_a:alloc_locked:bytes'" convert twice.txt
sed 2d perf.txt >orphan.txt
refused 3 "orphan.txt: line 2" convert --from perf orphan.txt
printf '# only a comment\n' >comment.txt
folds_to '' --from perf comment.txt

# ---- Records -------------------------------------------------------------------------------------------------------

record sites -- "$programs/sites"
folds_to "$(cat sites.bytes.folded)" sites.tare
folds_to "$(cat sites.leak.folded)" sites.tare --metric leak
folds_to "$(cat sites.bytes.folded)" <"$(find sites.tare -type f | head -n 1)"
for format in pprof:pb.gz speedscope:speedscope.json dhat:dhat.json heaptrack:heaptrack chrome:trace.json; do
    expect_status 0 "$TARE" convert sites.tare -o "again.${format#*:}" # by its name
    cmp "again.${format#*:}" "sites.${format#*:}" || fail "convert writes another ${format%%:*} than report"
done
head -c 5000 "$(find sites.tare -type f | head -n 1)" >half.tare
refused 3 "convert: can't read half.tare: " convert half.tare

# ---- What is written -----------------------------------------------------------------------------------------------

refused 2 "convert: --format: there is no format for profiles 'pproff'" convert hostile.pb --format pproff
expect_text "$work/err" "Did you mean 'pprof'?"
expect_text "$work/err" "folded, pprof, speedscope, dhat, heaptrack, chrome"
refused 2 "there is no format for profiles 'json'" convert hostile.pb --format json
refused 2 "There are pprof, perf, folded." convert hostile.pb --from json
refused 2 "convert: one file at a time, 'tare merge' takes several: 'b'" convert a b
refused 3 "convert: can't read missing: No such file or directory" convert missing
refused 3 "convert: can't write no/where.svg: No such file or directory" convert hostile.pb -o no/where.svg
refused 3 "convert: the format chrome needs a record's timeline, which the profile does not have" \
    convert hostile.pb --format chrome
refused 3 "convert: the format heaptrack needs reallocations" convert hostile.pb --format heaptrack
refused 3 "convert: the format dhat needs alloc_space" convert perf.txt --format dhat
echo before >kept.folded
expect_status 3 "$TARE" convert large.folded -o kept.folded
expect_equal "$(cat kept.folded)" before "what was there before"
if [ -e /dev/full ]; then
    refused 3 "can't write /dev/full: No space left on device" convert sites.tare -o /dev/full
fi
for format in folded pprof speedscope svg; do # of nothing
    expect_status 0 "$TARE" convert empty.pb --format "$format" -o "empty.$format"
done
jq -e '.profiles | length == 2 and all(.samples == [])' empty.speedscope >"$work/out" || fail "an empty profile"

# ---- Merging -------------------------------------------------------------------------------------------------------

expect_status 0 "$TARE" run --save other.tare -- "$programs/sites" more
expect_status 0 "$TARE" convert other.tare -o other.pb.gz
expect_status 0 "$TARE" convert other.tare -o other.bytes.folded
expect_status 0 "$TARE" merge sites.tare other.pb.gz sites.pb.gz -o all.pb.gz
expect_status 0 "$TARE" convert all.pb.gz -o all.folded
cat sites.bytes.folded sites.bytes.folded other.bytes.folded | "$TARE" convert | sort >expected
sort all.folded | diff - expected >"$work/out" || fail "the sum of three"
expect_status 0 "$TARE" merge sites.tare other.pb.gz -o two.folded
expect_status 0 "$TARE" merge other.pb.gz sites.tare -o two_again.folded
sort two.folded >expected
sort two_again.folded | diff - expected >"$work/out" || fail "the order of files changes the sums"
expect_status 0 "$TARE" merge sites.bytes.folded other.bytes.folded --format folded # on stdout
sort "$work/out" | diff - expected >"$work/err" || fail "the sum of two folded files"
refused 3 "merge: sites.tare and hostile.pb don't count the same" merge sites.tare hostile.pb
expect_text "$work/err" "  hostile.pb: alloc_objects in count, alloc_space in bytes"
make_pprof other_unit
refused 3 "merge: hostile.pb and other_unit.pb don't count the same" merge hostile.pb other_unit.pb
printf 'a 9223372036854775807\n' >most.folded
printf 'b 1\n' >one.folded
refused 3 "merge: can't add one.folded: the sums do not fit 64 bits" merge most.folded one.folded --format folded
refused 2 "merge: which files?" merge
refused 2 "there is no format for profiles 'x'" merge --format x hostile.pb
refused 3 "merge: can't read missing: No such file" merge hostile.pb missing -o merged.pb.gz
[ ! -e merged.pb.gz ] || fail "half of a merge was written"
refused 3 "merge: the format chrome needs a record's timeline" merge sites.tare other.tare --format chrome
