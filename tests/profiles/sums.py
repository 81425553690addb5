#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: sums.py REPORT.json PREFIX

Every format says of every call stack what the record's JSON says, and all of them add up to the statistics: PREFIX.TYPE.folded
of each metric, PREFIX.pb.gz, .speedscope.json, .dhat.json, .heaptrack and .trace.json."""
import sys

import profiles

FOLDED = {"bytes": "alloc_space", "count": "alloc_objects", "peak": "peak_space", "leak": "leaked_space",
          "temporary": "temporary_objects", "reallocations": "reallocations"}
problems = []


def complain(text):
    problems.append(text)


# ---- What the report says -------------------------------------------------------------------------------------------


def name_of(frame, modules):
    if "truncated" in frame:
        return f"[truncated: {frame['truncated']}]"
    if frame.get("function"):
        return frame["function"]
    address = int(frame["address"], 16)
    if "module" not in frame:
        return hex(address)
    low = next(low for path, low, end in modules if path == frame["module"] and low <= address < end)
    return f"{frame['module'].rsplit('/', 1)[-1]}+{hex(address - low)}"


def stack_of(site, modules):
    names = []
    for frame in site["stack"]:
        if not frame["hidden"]:
            names += [name_of(frame, modules)] * frame.get("times", 1)
    return tuple(reversed(names)) or ("[no call stack]",)


def expected(report):
    modules = [(one["path"], int(one["low"], 16), int(one["end"], 16)) for one in report["modules"]]
    sums = profiles.new_sums()
    lacking = report["siteless"]
    sites = [(stack_of(site, modules), site) for site in report["sites"]]
    sites.append((("[no call stack]",), {
        "allocations": lacking["allocations"], "bytes_allocated": lacking["bytes_allocated"],
        "reallocations": report["reallocations"] - sum(site["reallocations"] for site in report["sites"]),
        "temporary": 0, "peak_blocks": 0, "peak_bytes": lacking["peak_bytes"],
        "live_blocks": lacking["live_blocks"], "live_bytes": lacking["live_bytes"]}))
    for stack, site in sites:
        leak = site.get("pool") != "C++ runtime" and "suppressed_by" not in site
        for kind, value in {
                "alloc_objects": site["allocations"], "alloc_space": site["bytes_allocated"],
                "inuse_objects": site["live_blocks"], "inuse_space": site["live_bytes"],
                "peak_objects": site["peak_blocks"], "peak_space": site["peak_bytes"],
                "leaked_objects": leak * site["live_blocks"], "leaked_space": leak * site["live_bytes"],
                "temporary_objects": site["temporary"], "reallocations": site["reallocations"]}.items():
            sums[kind][stack] += value
    return sums


# ---- Comparisons ----------------------------------------------------------------------------------------------------


def without_zeros(sums, rename=lambda name: name):
    found = profiles.collections.Counter()
    for stack, value in sums.items():
        found[tuple(rename(name) for name in stack)] += value
    return {stack: value for stack, value in found.items() if value != 0}


def compare(what, actual, wanted, rename=lambda name: name):
    actual, wanted = without_zeros(actual), without_zeros(wanted, rename)
    for stack in sorted(set(actual) | set(wanted)):
        if actual.get(stack, 0) != wanted.get(stack, 0):
            complain(f"{what}: {';'.join(stack)}: is {actual.get(stack, 0)}, expected {wanted.get(stack, 0)}")


def compare_all(what, actual, wanted, kinds, rename=lambda name: name):
    if set(actual) - set(kinds):
        complain(f"{what}: has {sorted(set(actual) - set(kinds))} besides")
    for kind in kinds:
        compare(f"{what} {kind}", actual[kind], wanted[kind], rename)


def unquoted(name):
    return name.replace(";", ":")


def statistics(report, wanted):
    for kind, key in {"alloc_objects": "allocations", "alloc_space": "bytes_allocated", "peak_space": "peak_bytes",
                      "leaked_objects": "leaked_allocations", "leaked_space": "leaked_bytes",
                      "reallocations": "reallocations"}.items():
        if sum(wanted[kind].values()) != report[key]:
            complain(f"all of {kind} is {sum(wanted[kind].values())}, the statistic {key} is {report[key]}")


def timeline(report, points):
    for counter, key in (("live bytes", "live_bytes"), ("peak bytes", "peak_bytes")):
        if points[counter] != [(point["time_ns"], point[key]) for point in report["timeline"]]:
            complain(f"chrome: {counter} are not the record's points of time")


def main(report_path, prefix):
    report = profiles.read_json(report_path)
    wanted = expected(report)
    statistics(report, wanted)
    for metric, kind in FOLDED.items():
        compare_all(f"folded {metric}", profiles.folded(f"{prefix}.{metric}.folded", kind), wanted, [kind], unquoted)
    compare_all("pprof", profiles.pprof(f"{prefix}.pb.gz"), wanted, list(wanted))
    compare_all("speedscope", profiles.speedscope(f"{prefix}.speedscope.json"), wanted, list(wanted))
    compare_all("dhat", profiles.dhat(f"{prefix}.dhat.json"), wanted, profiles.DHAT_TYPES.values())
    events = profiles.heaptrack(f"{prefix}.heaptrack")
    calls = profiles.collections.Counter(wanted["alloc_objects"])
    calls.update(wanted["reallocations"])
    compare_all("heaptrack", events, {"calls": calls, "leaked": wanted["leaked_space"], "peak": wanted["peak_space"]},
                ["calls", "leaked", "peak"])
    timeline(report, profiles.chrome(f"{prefix}.trace.json"))


main(*sys.argv[1:])
print("\n".join(problems[:20]))
sys.exit(len(problems) > 0)
