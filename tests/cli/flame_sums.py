# SPDX-License-Identifier: MIT
"""usage: flame_sums.py GRAPH.svg FOLDED
Each frame of the graph has the sum of the folded stacks that go through it, and is as
wide as that; nothing is left out. Prints how many frames there are and the deepest's depth."""
import re
import sys
import xml.etree.ElementTree as ElementTree

SVG = "{http://www.w3.org/2000/svg}"
graph = ElementTree.parse(sys.argv[1]).getroot()
assert graph.get("data-left-out") == "0", graph.get("data-left-out")

expected = {(): 0}
for line in open(sys.argv[2], encoding="utf-8"):
    stack, value = line.rstrip("\n").rsplit(" ", 1)
    names = tuple(stack.split(";"))
    for depth in range(len(names) + 1):
        expected[names[:depth]] = expected.get(names[:depth], 0) + int(value)

frames = graph.find(f"{SVG}g[@id='frames']").findall(f"{SVG}g")
weights = [tuple(map(int, line.split())) for line in graph.find(f"{SVG}metadata").text.split("\n") if line]
assert len(frames) == len(weights), (len(frames), len(weights))
whole = weights[0][1]
actual, path = {}, []
for frame, (depth, weight) in zip(frames, weights):
    name, *facts = frame.find(f"{SVG}title").text.split("\n")
    figures = [fact for fact in facts if re.match(r"[\d,]+ [a-z]", fact)]
    value = int(figures[0].split(" ")[0].replace(",", ""))
    share = re.search(r", ([\d.]+) %$", figures[0])
    assert value == weight, (name, value, weight)
    assert share and abs(float(share[1]) - 100 * value / whole) < 0.0051, (name, figures)
    path = path[: max(depth - 1, 0)] + ([name.replace(";", ":")] if depth > 0 else [])
    actual[tuple(path)] = actual.get(tuple(path), 0) + value
    box = frame.find(f"{SVG}rect")
    drawn, width = float(box.get("width")), 1176 * weight / whole
    assert abs(drawn - (width - 0.8 if width > 3 else width * 0.75)) < 0.006, (name, drawn, width)
assert actual == expected, set(actual.items()) ^ set(expected.items())
print(len(frames), max(depth for depth, _ in weights))
