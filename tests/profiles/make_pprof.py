#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: make_pprof.py CASE FILE

A pprof file by hand: a valid one, or one that is wrong in one thing. See CASES; FILE is in gzip where its name says so."""
import gzip
import sys


def varint(number):
    number &= (1 << 64) - 1
    data = b""
    while number > 0x7F:
        data += bytes([number & 0x7F | 0x80])
        number >>= 7
    return data + bytes([number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def packed(number, values):
    return field(number, b"".join(map(varint, values)))


def message(**values):
    """message(_1=..., _4=...): lists are repeated fields."""
    data = b""
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            data += field(int(name[1:]), one)
    return data


NAMES = [b"main", b'"quoted\\"', b"<b>&amp;</b>", b"a\xffb", b"semi;colon", b"two\nlines"]


class Profile:
    """main, and what it calls, each in one sample of (1, 10), (2, 20), (4, 40) ... objects and bytes."""

    def __init__(self, names=NAMES):
        self.text = [b"", b"alloc_objects", b"count", b"alloc_space", b"bytes", b"/bin/program", b"pid", b"f.c"] + names
        self.types = [message(_1=1, _2=2), message(_1=3, _2=4)]
        self.mappings = [message(_1=7, _2=0x4000, _3=0x5000, _5=5)]
        self.functions = [message(_1=100 + i, _2=8 + i, _4=7) for i in range(len(names))]
        self.locations = [
            message(_1=1000 + i, _2=7, _3=0x4010 + i, _4=message(_1=100 + i, _2=3)) for i in range(len(names))]
        self.locations.append(message(_1=999))  # nothing is known of it
        self.samples = [self.sample([1000 + i, 1000], [1 << (i - 1), 10 << (i - 1)]) for i in range(1, len(names))]
        self.samples.append(self.sample([999, 1000], [1000, 10000]))

    def sample(self, locations, values, **more):
        return packed(1, locations) + packed(2, values) + message(_3=message(_1=6, _3=42), **more)

    def data(self):
        return message(_1=self.types, _2=self.samples, _3=self.mappings, _4=self.locations, _5=self.functions,
                       _6=self.text, _9=1700000000000000000, _10=5000000, _14=3)


def changed(change):
    def make():
        profile = Profile()
        change(profile)
        return profile.data()
    return make


def appended(which, *values):
    return changed(lambda profile: getattr(profile, which).extend(values))


def sample(locations, values):
    return changed(lambda profile: profile.samples.append(profile.sample(locations, values)))


CASES = {
    "hostile": lambda: Profile().data(),
    "empty": changed(lambda profile: profile.samples.clear()),
    "nothing": lambda: b"",
    "cut": lambda: Profile().data()[:-200],
    "field_zero": lambda: Profile().data() + b"\x00\x00",
    "group": lambda: Profile().data() + b"\x0b",
    "long_number": lambda: Profile().data() + b"\x48" + b"\xff" * 11,
    "wrong_type": lambda: Profile().data() + field(2, 5),
    "inner": lambda: Profile().data() + field(2, b"\x0a\x05\x01"),
    "negative": changed(lambda profile: profile.samples.append(profile.sample([1000], [-5, -50]))),
    "no_location": sample([1000, 12345], [1, 1]),
    "few_values": sample([1000], [1]),
    "too_many": changed(lambda profile: profile.samples.extend([profile.sample([1000], [1, (1 << 63) - 1])] * 2)),
    "too_many_in_all": changed(lambda profile: profile.samples.append(profile.sample([1000], [1, (1 << 63) - 1]))),
    "no_function": appended("locations", message(_1=5, _4=message(_1=77))),
    "no_mapping": appended("locations", message(_1=5, _2=77)),
    "same_id": appended("locations", message(_1=1000)),
    "no_id": appended("functions", message(_2=8)),
    "no_string": appended("functions", message(_1=5, _2=9999)),
    "negative_string": appended("functions", message(_1=5, _2=-1)),
    "nul": changed(lambda profile: profile.text.__setitem__(8, b"ma\0in")),
    "no_types": changed(lambda profile: profile.types.clear()),
    "same_types": appended("types", message(_1=1, _2=2)),
    "other_unit": changed(lambda profile: profile.types.__setitem__(0, message(_1=1, _2=4))),
    "other_types": changed(lambda profile: profile.types.__setitem__(0, message(_1=6, _2=2))),
}


def main(case, path):
    data = CASES[case]()
    if path.endswith(".gz"):
        data = gzip.compress(data, mtime=0)
    with open(path, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
