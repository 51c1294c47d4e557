"""Python's ThreadPoolExecutor as a contestant of the claim `tiny`. It measures itself, the same way as src/subjects/tiny-calls.ts, and
speaks the lines of src/program.ts: {"kind", "count"} on stdin, {"sample"} on stdout; the end of stdin ends it."""

import gc
import json
import platform
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from math import ceil
from time import perf_counter

WORKERS = 2
IN_FLIGHT = 64


def echo(n):
    return n


def burst(pool, count):
    started = perf_counter()
    total = sum([future.result() for future in [pool.submit(echo, n) for n in range(count)]])
    elapsed = perf_counter() - started
    return total, {"calls/s": count / elapsed}


def window(pool, count):
    total = 0
    waiting = deque()
    started = perf_counter()
    for n in range(count):
        if len(waiting) == IN_FLIGHT:
            total += waiting.popleft().result()
        waiting.append(pool.submit(echo, n))
    total += sum(future.result() for future in waiting)
    elapsed = perf_counter() - started
    return total, {"calls/s": count / elapsed}


def round_trip(pool, count):
    total = 0
    microseconds = []
    for n in range(count):
        started = perf_counter()
        value = pool.submit(echo, n).result()
        microseconds.append((perf_counter() - started) * 1e6)
        total += value
    microseconds.sort()
    return total, {"p50": percentile(microseconds, 0.5), "p99": percentile(microseconds, 0.99)}


def percentile(ordered, share):
    return ordered[max(0, ceil(len(ordered) * share) - 1)]


RUNS = {"burst": burst, "window": window, "round trip": round_trip}


def reply(message):
    print(json.dumps(message), flush=True)


def main():
    with ThreadPoolExecutor(WORKERS) as pool:
        if list(pool.map(echo, range(300))) != list(range(300)):
            return reply({"failed": "wrong results"})
        reply({"ready": {"version": platform.python_version()}})
        for line in sys.stdin:
            request = json.loads(line)
            gc.collect()
            total, sample = RUNS[request["kind"]](pool, request["count"])
            gc.collect()
            if total != request["count"] * (request["count"] - 1) // 2:
                return reply({"failed": f"wrong results: their sum is {total}"})
            reply({"sample": sample})


main()
