"""Compares what sioscope dumped with what the application wrote down, or with another dump.

Usage: compare.py truth RECORD DUMP    events of the application, per direction, in order
       compare.py dumps DUMP DUMP      every Engine.IO and Socket.IO line of every session
Prints the first difference and ends with 1.
"""
import collections
import json
import sys

how, one, other = sys.argv[1:4]


def lines(path):
    return [json.loads(line) for line in open(path)]


def end(why):
    print(why[:600])
    sys.exit(1)


def compare(what, a, b):
    for index, (left, right) in enumerate(zip(a, b)):
        if left != right:
            end(f"{what} {index}: {json.dumps(left)[:250]} or {json.dumps(right)[:250]}")
    if len(a) != len(b):
        end(f"{what}: {len(a)} or {len(b)}")
    if not a:
        end(f"{what}: none at all")


def by_direction(events):
    told = collections.defaultdict(list)
    for event in events:
        told[event["dir"]].append((event["name"], event["data"]))
    return told


def by_session(events):
    told = collections.defaultdict(list)
    for event in events:
        if event["type"] not in ("tcp-close", "log"):
            kept = {key: event.get(key) for key in ("type", "dir", "transport", "nsp", "name", "ack", "data", "bytes")}
            told[(event["sid"], event["dir"])].append(kept)
    return told


if how == "truth":
    said, dumped = by_direction(lines(one)), by_direction([e for e in lines(other) if e["type"] == "event"])
else:
    said, dumped = by_session(lines(one)), by_session(lines(other))
if set(said) != set(dumped):
    end(f"only in one: {sorted(map(str, set(said) - set(dumped)))}, only in the other: {sorted(map(str, set(dumped) - set(said)))}")
for key in sorted(said, key=str):
    a, b = said[key], dumped[key]
    if len(sys.argv) > 4:  # several sessions at once: in any order
        a, b = (sorted(each, key=json.dumps) for each in (a, b))
    compare(str(key), a, b)
if not said:
    end("nothing was dumped")
