# SPDX-License-Identifier: MIT
"""Run by gdb (gdb.sh): at each so many allocations the stack that tare found is held
against gdb's own backtrace, address by address.

Two kinds of gdb's frames are none of the machine's: functions that were inlined, and
those that gdb makes up for tail calls from debug information.
"""
import os

import gdb

SAMPLES = int(os.environ["SAMPLES"])
STRIDE = int(os.environ["STRIDE"])
FRAME_BYTES, FRAMES_PER_PIECE = 32, 65536 // 32
EXACT, TRUNCATED = 1, 2
MADE_UP = (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME)


def word(address, size=8):
    return int.from_bytes(gdb.selected_inferior().read_memory(address, size).tobytes(), "little")


def backtrace():
    """Return addresses, from the first frame outside libtare on."""
    addresses, frame, outside = [], gdb.newest_frame(), False
    while frame is not None:
        if frame.type() not in MADE_UP:
            outside = outside or "libtare" not in (gdb.solib_name(frame.pc()) or "")
            if outside:
                addresses.append(frame.pc())
        frame = frame.older()
    return addresses


def recorded(frame_id):
    """The same by tare's records; None at the end where it is marked as cut off."""
    pieces = int(gdb.parse_and_eval("(unsigned long)&tare__frame_pieces"))
    addresses = []
    while frame_id != 0:
        piece = word(pieces + frame_id // FRAMES_PER_PIECE * 8)
        at = piece + frame_id % FRAMES_PER_PIECE * FRAME_BYTES
        addresses.append(None if word(at + 16, 4) & TRUNCATED else word(at))
        frame_id = word(at + 8, 4)
    return addresses


def show(addresses):
    for address in addresses:
        if address is None:
            print("  at the cut")
        else:
            print(f"  at {address:#x}", gdb.execute(f"info symbol {address:#x}", to_string=True).strip())


def main():
    for setting in ("pagination off", "confirm off", "backtrace past-main on", "backtrace past-entry on",
                    "backtrace limit unlimited", "breakpoint pending on",
                    "print thread-events off"):
        gdb.execute("set " + setting)
    gdb.execute("handle SIGPIPE SIGCHLD nostop noprint pass", to_string=True)
    entries = [gdb.Breakpoint(name) for name in ("tare__callstack_from", "tare__callstack")]
    for entry in entries:
        entry.silent = True
        entry.ignore_count = STRIDE - 1
    gdb.execute("run", to_string=True)
    same, different, frames = 0, 0, 0
    while gdb.selected_inferior().pid != 0 and same + different < SAMPLES:
        expected = backtrace()
        gdb.execute("finish", to_string=True)
        actual = recorded(int(gdb.parse_and_eval("(unsigned int)$rax" if os.uname().machine == "x86_64"
                                                 else "(unsigned int)$x0")))
        frames += len(expected)
        if actual == expected:
            same += 1
        else:
            different += 1
            if different <= 3:
                print("gdb:")
                show(expected)
                print("tare:")
                show(actual)
        for entry in entries:
            entry.ignore_count = entry.ignore_count or STRIDE - 1
        gdb.execute("continue", to_string=True)
    if gdb.selected_inferior().pid != 0:
        gdb.execute("kill", to_string=True)
    print(f"RESULT {same} same {different} different {frames} frames")


main()
