"""Python's ProcessPoolExecutor as a contestant of the claim `processes`. It measures itself, the same way as src/subjects/processes.ts, and
speaks the lines of src/program.ts: {"kind", "count"} on stdin, {"sample"} on stdout; the end of stdin ends it."""

import gc
import json
import platform
import sys
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from math import ceil
from time import perf_counter

WORKERS = 2
IN_FLIGHT = 64
LARGE_IN_FLIGHT = 4


def echo(n):
    return n


def sink(payload):
    return len(payload)


def back(payload):
    return payload


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


def large(pool, fn, size, count):
    payload = b"a" * size
    total = 0
    waiting = deque()
    started = perf_counter()
    for _ in range(count):
        if len(waiting) == LARGE_IN_FLIGHT:
            total += length(waiting.popleft().result())
        waiting.append(pool.submit(fn, payload))
    total += sum(length(future.result()) for future in waiting)
    elapsed = perf_counter() - started
    if total != count * size:
        raise ValueError(f"wrong results: {total} bytes")
    return {"calls/s": count / elapsed}


def length(result):
    return result if isinstance(result, int) else len(result)


def percentile(ordered, share):
    return ordered[max(0, ceil(len(ordered) * share) - 1)]


RUNS = {"burst": burst, "window": window, "round trip": round_trip}


def reply(message):
    print(json.dumps(message), flush=True)


def main():
    with ProcessPoolExecutor(WORKERS) as pool:
        if list(pool.map(echo, range(300))) != list(range(300)):
            return reply({"failed": "wrong results"})
        reply({"ready": {"version": platform.python_version()}})
        for line in sys.stdin:
            request = json.loads(line)
            gc.collect()
            kind, count = request["kind"], request["count"]
            what, _, size = kind.partition(" ")
            if what in ("sink", "back"):
                sample = large(pool, sink if what == "sink" else back, int(size), count)
                gc.collect()
                reply({"sample": sample})
                continue
            total, sample = RUNS[kind](pool, count)
            gc.collect()
            if total != request["count"] * (request["count"] - 1) // 2:
                return reply({"failed": f"wrong results: their sum is {total}"})
            reply({"sample": sample})


if __name__ == "__main__":
    main()
