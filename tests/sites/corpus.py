#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: corpus.py [--main NAME] [--prefix] REPORT.json SOURCE...

Holds a report's sites against what the sources of its program say of them:

    p = malloc(10); /* SITE < outer < main: 3 30, leaked 1 10 */

is a call stack whose innermost frame is this line, whose others are those marked
@outer and @main, and which made 3 allocations of 30 bytes, of which 1 of 10 bytes
was left; and no frame in the sources lies between or behind those. Without the first <
all frames are marks, so that one line can have several stacks. label*9 is nine times
that frame, label+ one or more on that line, of any functions; ... is any frames. Figures besides: peak BLOCKS BYTES, temporary COUNT, reallocations COUNT;
"any" for no figures at all. "truncated" allows that callers are missing, and then
wants it said.

A mark's function is the C function that it stands in, or what it says: @label "pattern",
as of a shell. What the report says of all sites together must agree with its statistics.
"CHILDREN" in a source: its processes' sites count as one's. "THREADS": shares of the
peak need not add up. --main: main() has another name there. --prefix: of each stack
only the innermost frames are known, as where frame pointers end.
"""
import fnmatch
import json
import os
import re
import sys

FIGURES = ("allocations", "bytes_allocated", "reallocations", "temporary", "peak_blocks", "peak_bytes", "live_blocks",
           "live_bytes")
WORDS = {"leaked": ("live_blocks", "live_bytes"), "peak": ("peak_blocks", "peak_bytes"), "temporary": ("temporary",),
         "reallocations": ("reallocations",)}
problems = []


class Place:
    repeats = False

    def __init__(self, file, line, function):
        self.file, self.line, self.function = file, line, function

    def __str__(self):
        return f"{self.function} {self.file}:{self.line}"

    def is_at(self, frame):
        """Whatever its parameters are."""
        return frame[1:] == (self.file, self.line) and any(
            fnmatch.fnmatchcase(frame[0], pattern) for pattern in (self.function, self.function + "(*"))


# ---- What the sources say ------------------------------------------------------------------------------------------


def function_around(lines, index):
    while index > 0:
        index -= 1
        if lines[index + 1].startswith("{"):
            return re.search(r"(\w+)\(", re.sub(r"__attribute__\(\(.*?\)\)", "", lines[index])).group(1)
    return "?"


def read_sources(paths, main):
    marks, sites, whole = {}, [], ""
    for path in paths:
        text = open(path).read()
        whole += text
        lines = text.split("\n")
        for index, line in enumerate(lines):
            def place(name=None, at=index, among=lines, of=path):
                name = name or function_around(among, at)
                return Place(os.path.basename(of), at + 1, main if name == "main" else name)
            for label, pattern in re.findall(r"/\* @([\w-]+)(?: \"([^\"]*)\")?", line):
                if label in marks:
                    sys.exit(f"{path}:{index + 1}: @{label} is there twice")
                marks[label] = place(pattern)
        for match in re.finditer(r"/\* SITE(.*?) \*/", text, re.S):
            index = text.count("\n", 0, match.start())
            sites.append((place_of_line(path, lines, index, main), " ".join(match.group(1).split())))
    return [expectation(here, text, marks) for here, text in sites], whole


def place_of_line(path, lines, index, main):
    name = function_around(lines, index)
    return Place(os.path.basename(path), index + 1, main if name == "main" else name)


def expectation(here, text, marks):
    stack, figures = text.rsplit(":", 1)
    labels = [label.strip() for label in stack.split("<")]
    places = []
    for label in labels:
        if label == "...":
            places.append(None)
            continue
        name, _, times = label.rstrip("+").partition("*")
        place = marks[name] if name else here
        if label.endswith("+"):
            place = Place(place.file, place.line, "*")
            place.repeats = True
        places += [place] * int(times or 1)
    expected = {"stack": places, "any": False, "truncated": False, "at": here,
                "figures": {"reallocations": 0, "live_blocks": 0, "live_bytes": 0}}
    for figure in figures.split(","):
        words = figure.split()
        if words[0] in ("any", "truncated"):
            expected[words[0]] = True
            continue
        names = WORDS.get(words[0], ("allocations", "bytes_allocated"))
        numbers = [int(word) for word in words if word.isdigit()]
        if len(numbers) != len(names):
            sys.exit(f"{here}: not understood: {figure}")
        expected["figures"].update(zip(names, numbers))
    return expected


# ---- What the report says ------------------------------------------------------------------------------------------


def is_truncated(frame):
    """A frame that says that callers are missing; what calls the loader's first function is none."""
    return "truncated" in frame and not frame["hidden"]


def frames_of(site, files):
    """The frames in the sources, the innermost first, and whether callers are missing."""
    frames, truncated = [], False
    for frame in site["stack"]:
        truncated |= is_truncated(frame)
        made_up = frame.get("line", 0) == 0 and re.match("__cxx_global_|__tls_init|_GLOBAL__", frame.get("function", ""))
        if os.path.basename(frame.get("file", "")) in files and not made_up:
            place = (frame.get("function", "?"), os.path.basename(frame["file"]), frame.get("line", 0))
            frames += [place] * frame.get("times", 1)
    return tuple(frames), truncated


def stacks_of(processes, files):
    """Several sites may be one stack in the source: code that was inlined twice."""
    stacks = {}
    for process in processes:
        for site in process["sites"]:
            key = frames_of(site, files)
            figures = stacks.setdefault(key, dict.fromkeys(FIGURES, 0))
            for name in FIGURES:
                figures[name] += site[name]
    return stacks


def check_sums(process, threads, may_truncate):
    where = "pid %d" % process["pid"]
    sums = {name: sum(site[name] for site in process["sites"] if not (name.startswith("live") and site.get("pool") == "C++ runtime"))
            for name in FIGURES}
    for name, of in (("allocations", "allocations"), ("bytes_allocated", "bytes_allocated"),
                     ("reallocations", "reallocations"), ("live_blocks", "leaked_allocations"),
                     ("live_bytes", "leaked_bytes"), ("peak_bytes", "peak_bytes")):
        if sums[name] != process[of] and not (threads and name == "peak_bytes"):
            problems.append(f"{where}: the sum of {name} over all sites is {sums[name]}, but {of} is {process[of]}")
    for name, value in process["siteless"].items():
        if value != 0 and not (threads and name == "peak_bytes"):
            problems.append(f"{where}: siteless {name}: {value}")
    if process["site_count"] != len(process["sites"]):
        problems.append(f"{where}: {len(process['sites'])} of {process['site_count']} sites are listed")
    cut = sum(site["allocations"] for site in process["sites"] if any("truncated" in frame for frame in site["stack"]))
    if process["truncated_allocations"] != cut:
        problems.append(f"{where}: truncated_allocations is {process['truncated_allocations']}, but {cut} are")
    for site in process["sites"]:
        if not may_truncate and any(map(is_truncated, site["stack"])):
            problems.append(f"{where}: a truncated stack: {site}")
    if process["inexact"]:
        problems.append(f"{where}: inexact: {process['inexact']}")


# ---- Both ----------------------------------------------------------------------------------------------------------


def matches(expected, key, prefix):
    frames, truncated = key
    if truncated and (not frames or not (expected["truncated"] or prefix)):
        return False
    at = 0
    for place in expected["stack"]:
        if place is None or (truncated and at == len(frames)):
            return True
        if at == len(frames) or not place.is_at(frames[at]):
            return False
        at += 1
        while place.repeats and at < len(frames) and place.is_at(frames[at]):
            at += 1
    return at == len(frames)


def check_stack(expected, stacks, prefix):
    found = [key for key in stacks if matches(expected, key, prefix)]
    name = " < ".join(map(str, expected["stack"][:12]))
    total = {figure: sum(stacks[key][figure] for key in found) for figure in FIGURES}
    for key in found:
        del stacks[key]
    if expected["any"]:
        return
    if not found:
        problems.append(f"{expected['at']}: no such stack: {name}")
    for figure, value in expected["figures"].items():
        if found and total[figure] != value:
            problems.append(f"{expected['at']}: {figure} is {total[figure]}, expected {value}: {name}")


def main():
    arguments, main_name, prefix = sys.argv[1:], "main", False
    while arguments[0].startswith("--"):
        option = arguments.pop(0)
        if option == "--main":
            main_name = arguments.pop(0)
        elif option == "--prefix":
            prefix = True
    with open(arguments[0]) as file:
        report = json.load(file)
    expected, text = read_sources(arguments[1:], main_name)
    processes = [report] + report.get("processes", [])
    if len(processes) > 1 and "CHILDREN" not in text:
        problems.append(f"{len(processes)} processes")
    for process in processes:
        check_sums(process, "THREADS" in text, prefix or any(one["truncated"] for one in expected))
    stacks = stacks_of(processes, {os.path.basename(path) for path in arguments[1:]})
    for one in expected:
        check_stack(one, stacks, prefix)
    for (frames, truncated), figures in stacks.items():
        if frames:
            shown = " < ".join("%s %s:%d" % frame for frame in frames[:12])
            problems.append(f"a stack that nobody expects{', truncated' * truncated}: {shown}: {figures}")
    for problem in problems:
        print(problem[:1500])
    sys.exit(1 if problems else 0)


main()
