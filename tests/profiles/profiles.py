# SPDX-License-Identifier: MIT
"""Reads each format of profiles on its own, after what its publisher says of it, and nothing of tare's. Every
function returns {type: {stack: value}}, where a stack is the names from the outermost function in."""
import collections
import gzip
import json
import re
import struct


def new_sums():
    return collections.defaultdict(lambda: collections.defaultdict(int))


def folded(path, kind):
    sums = new_sums()
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            stack, value = line.rstrip("\n").rsplit(" ", 1)
            sums[kind][tuple(stack.split(";"))] += int(value)
    return sums


# ---- pprof: protocol buffers by hand -------------------------------------------------------------------------------


def varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, at


def fields(data):
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 2:
            length, at = varint(data, at)
            value = data[at:at + length]
            assert len(value) == length
            at += length
        else:
            raise ValueError(f"wire type {tag & 7}")
        yield tag >> 3, value


def numbers(value):
    """A repeated number's field, packed or not."""
    if isinstance(value, int):
        return [value]
    found, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        found.append(number)
    return found


def signed(number):
    return struct.unpack("<q", struct.pack("<Q", number))[0]


class Message:
    def __init__(self, data, repeated=()):
        self.all = collections.defaultdict(list)
        for number, value in fields(data):
            self.all[number] += numbers(value) if number in repeated else [value]

    def one(self, number):
        return self.all[number][0] if number in self.all else 0


def pprof_messages(path):
    with gzip.open(path) as file:
        data = file.read()
    profile = Message(data, repeated=(13,))
    profile.text = [text.decode("utf-8") for text in profile.all[6]]
    assert profile.text[0] == ""
    profile.types = [profile.text[Message(one).one(1)] for one in profile.all[1]]
    profile.samples = [Message(one, repeated=(1, 2)) for one in profile.all[2]]
    for kind, attribute in ((3, "mappings"), (4, "locations"), (5, "functions")):
        messages = [Message(one) for one in profile.all[kind]]
        setattr(profile, attribute, {one.one(1): one for one in messages})
        assert len(messages) == len(getattr(profile, attribute)) and 0 not in getattr(profile, attribute)
    return profile


def pprof_names(profile, location):
    """Of one location, the innermost first."""
    lines = [Message(line) for line in location.all[4]]
    if lines:
        return [profile.text[profile.functions[line.one(1)].one(2)] for line in lines]
    mapping = profile.mappings.get(location.one(2))
    address = location.one(3)
    if mapping is None:
        return [hex(address)]
    name = profile.text[mapping.one(5)].rsplit("/", 1)[-1]
    return [f"{name}+{hex(address - mapping.one(2) + mapping.one(4))}"]


def pprof(path):
    profile, sums = pprof_messages(path), new_sums()
    for sample in profile.samples:
        names = [name for number in sample.all[1] for name in pprof_names(profile, profile.locations[number])]
        assert len(sample.all[2]) == len(profile.types)
        for kind, value in zip(profile.types, sample.all[2]):
            sums[kind][tuple(reversed(names))] += signed(value)
    return sums


# ---- JSON ------------------------------------------------------------------------------------------------------------


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def speedscope(path):
    data, sums = read_json(path), new_sums()
    names = [frame["name"] for frame in data["shared"]["frames"]]
    for profile in data["profiles"]:
        assert len(profile["samples"]) == len(profile["weights"])
        assert profile["endValue"] == sum(profile["weights"]) and min(profile["weights"], default=1) > 0
        for stack, weight in zip(profile["samples"], profile["weights"]):
            sums[profile["name"]][tuple(names[index] for index in stack)] += weight
    return sums


DHAT_TYPES = {"tb": "alloc_space", "tbk": "alloc_objects", "gb": "peak_space", "gbk": "peak_objects",
              "eb": "inuse_space", "ebk": "inuse_objects"}


def dhat(path):
    data, sums = read_json(path), new_sums()
    assert data["dhatFileVersion"] == 2 and data["bklt"] is False and data["ftbl"][0] == "[root]"
    names = [re.sub(r"^0x[0-9A-F]+: ", "", re.sub(r" \([^ ]*\.\w+(:\d+)?\)$", "", frame)) for frame in data["ftbl"]]
    assert len({tuple(point["fs"]) for point in data["pps"]}) == len(data["pps"])
    for point in data["pps"]:
        for key, kind in DHAT_TYPES.items():
            sums[kind][tuple(names[index] for index in reversed(point["fs"]))] += point[key]
    return sums


def chrome(path):
    """{counter: [(time in ns, value)]}"""
    points = collections.defaultdict(list)
    data = read_json(path)
    assert set(data) == {"displayTimeUnit", "traceEvents"}
    for event in data["traceEvents"]:
        assert {"name", "ph", "pid", "tid", "args"} <= set(event) and event["ph"] in "MC"
        if event["ph"] == "C":
            assert list(event["args"]) == ["bytes"]
            points[event["name"]].append((round(event["ts"] * 1000), event["args"]["bytes"]))
    return points


# ---- heaptrack: its events are gone through ------------------------------------------------------------------------------


def heaptrack(path):
    """calls, leaked and peak, the latter of the moment at which the whole is at its highest."""
    strings, frames, traces, infos = [None], [None], [(0, 0)], []
    calls, live, peak = collections.Counter(), collections.Counter(), collections.Counter()
    total = highest = 0
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            kind, _, rest = line.rstrip("\n").partition(" ")
            if kind == "s":
                length, _, text = rest.partition(" ")
                assert len(text.encode()) == int(length, 16)
                strings.append(text)
                continue
            values = [int(one, 16) for one in rest.split()] if kind in "itac+-" else []
            if kind == "i":
                frames.append(strings[values[2]])
            elif kind == "t":
                assert values[1] < len(traces)
                traces.append((values[0], values[1]))
            elif kind == "a":
                infos.append((values[0], values[1]))
            elif kind == "+":
                size, trace = infos[values[0]]
                calls[trace] += 1
                live[trace] += size
                total += size
                if total > highest:
                    highest = total
                    peak = None
            elif kind == "-":
                if peak is None:
                    peak = live.copy()
                size, trace = infos[values[0]]
                live[trace] -= size
                total -= size
    sums = new_sums()
    for kind, counts in (("calls", calls), ("leaked", live), ("peak", live if peak is None else peak)):
        for trace, value in counts.items():
            names, at = [], trace
            while at != 0:
                names.append(frames[traces[at][0]])
                at = traces[at][1]
            sums[kind][tuple(reversed(names))] += value
    return sums
