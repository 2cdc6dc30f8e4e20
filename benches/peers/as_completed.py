"""CPython's ThreadPoolExecutor and as_completed, under the scenarios of the latency lab.

    as_completed.py SCENARIO --workers N --task-ns N --seconds S --warm-up S [--rate R] [--in-flight N]

open    tasks are due at --rate per second, whatever becomes of those before them
window  --in-flight tasks are kept in flight; each that comes back makes room for the next
burst   --in-flight tasks at once, then all their results, again and again

One thread submits and receives. The report is one JSON object on the standard output; lengths are
nanoseconds, histograms are lists of [length, count] with three significant digits.
"""

import argparse
import json
import platform
import sys
import time
from concurrent.futures import ThreadPoolExecutor, TimeoutError, as_completed

now = time.monotonic_ns


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario", choices=["open", "window", "burst"])
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--task-ns", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--warm-up", type=float, required=True)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--in-flight", type=int)
    given = parser.parse_args()
    if given.scenario == "open" and not given.rate:
        parser.error("an open loop needs --rate")
    if given.scenario != "open" and not given.in_flight:
        parser.error("it takes --in-flight")
    return given


def spin(turns):
    for _ in range(turns):
        pass


def turns_of(nanoseconds):
    """How many turns of the busy loop last so long: by the fastest of several trials."""
    trial = 100_000
    fastest = min(timed(trial) for _ in range(10))
    return round(nanoseconds * trial / fastest)


def timed(turns):
    begun = now()
    spin(turns)
    return now() - begun


def stamped(number, turns):
    """A task that says when it began and ended."""
    begun = now()
    spin(turns)
    return number, begun, now()


def plain(number, turns):
    spin(turns)
    return number


class Run:
    """What came of a run; lengths are kept as they are until it is over."""

    def __init__(self):
        self.submitted = 0
        self.seen = set()
        self.duplicated = 0
        self.records = []
        self.cut_short = False
        self.elapsed = 0
        self.bursts = []

    def note(self, number):
        if number in self.seen:
            self.duplicated += 1
        self.seen.add(number)


def open_loop(pool, given, turns, seconds, run):
    """Waits for results with the next due moment as the deadline. as_completed takes no further
    futures, so there is a new one for each moment, over all that is outstanding."""
    plan = int(seconds * 1e9)
    count = int(-(-plan * given.rate // 1e9))
    outstanding = set()
    start = now()
    stamps = []

    def receive(timeout):
        try:
            for future in as_completed(outstanding, timeout):
                received = now() - start
                outstanding.discard(future)
                number, begun, ended = future.result()
                run.note(number)
                run.records.append((number, begun - start, ended - start, received))
        except TimeoutError:
            pass

    for number in range(count):
        due = round(number * 1e9 / given.rate)
        receive(max(0, due - (now() - start)) / 1e9)
        left = due - (now() - start)
        if left > 0:
            time.sleep(left / 1e9)
        submitted = now() - start
        if submitted > 3 * plan:
            run.cut_short = True
            break
        stamps.append((due, submitted))
        outstanding.add(pool.submit(stamped, number, turns))
        run.submitted += 1
    receive(None)
    run.records = [stamps[record[0]] + record[1:] for record in run.records]


def window(pool, given, turns, seconds, run):
    """Each result makes room for a task of the next generation: as_completed takes no further
    futures, so when one is used up there is a new one over those that were submitted meanwhile."""
    end = int(seconds * 1e9)
    start = now()
    stamps = []

    def submit():
        moment = now() - start
        stamps.append(moment)
        run.submitted += 1
        return pool.submit(stamped, len(stamps) - 1, turns)

    generation = {submit() for _ in range(given.in_flight)}
    while generation:
        following = set()
        for future in as_completed(generation):
            received = now() - start
            number, begun, ended = future.result()
            run.note(number)
            run.records.append((stamps[number], stamps[number], begun - start, ended - start, received))
            if received < end:
                following.add(submit())
        generation = following


def burst(pool, given, turns, seconds, run):
    end = now() + int(seconds * 1e9)
    middle = (given.in_flight + 1) // 2
    while True:
        begun = now()
        futures = []
        for _ in range(given.in_flight):
            futures.append(pool.submit(plain, run.submitted, turns))
            run.submitted += 1
        submitted = now() - begun
        first = half = 0
        for nth, future in enumerate(as_completed(futures), 1):
            if nth == 1:
                first = now() - begun
            if nth == middle:
                half = now() - begun
            run.note(future.result())
        last = now() - begun
        run.bursts.append((first, half, last, submitted))
        if now() >= end:
            break


def histogram(lengths):
    counts = {}
    for length in lengths:
        length = max(length, 0)
        shift = max(0, length.bit_length() - 11)
        value = length >> shift << shift
        counts[value] = counts.get(value, 0) + 1
    return sorted(counts.items())


def report(given, run, warm_up):
    histograms = {}
    if given.scenario == "burst":
        recorded = run.submitted
        elapsed = sum(burst[2] for burst in run.bursts)
        for at, name in enumerate(["first", "half", "last", "submission"]):
            histograms[name] = histogram(burst[at] for burst in run.bursts)
    else:
        from_moment = int(warm_up * 1e9)
        records = [record for record in run.records if record[0] >= from_moment]
        recorded = len(records)
        elapsed = max((record[4] for record in records), default=from_moment) - from_moment
        histograms["delivery"] = histogram(r - e for _, _, _, e, r in records)
        histograms["queue-wait"] = histogram(b - i for i, _, b, _, _ in records)
        histograms["end-to-end"] = histogram(r - i for i, _, _, _, r in records)
        histograms["run"] = histogram(e - b for _, _, b, e, _ in records)
        histograms["lateness"] = histogram(s - i for i, s, _, _, _ in records)
    return {
        "version": "CPython " + platform.python_version(),
        "scenario": given.scenario,
        "workers": given.workers,
        "task_ns": given.task_ns,
        "submitted": run.submitted,
        "lost": run.submitted - len(run.seen),
        "duplicated": run.duplicated,
        "recorded": recorded,
        "elapsed_ns": elapsed,
        "ns_per_task": elapsed / max(recorded, 1),
        "cut_short": run.cut_short,
        "histograms": histograms,
    }


def main():
    given = arguments()
    turns = turns_of(given.task_ns)
    play = {"open": open_loop, "window": window, "burst": burst}[given.scenario]
    with ThreadPoolExecutor(given.workers) as pool:
        # A burst is warmed up by bursts that are forgotten; the others leave out what was due early.
        run = Run()
        if given.scenario == "burst":
            play(pool, given, turns, given.warm_up, Run())
            play(pool, given, turns, given.seconds, run)
        else:
            play(pool, given, turns, given.warm_up + given.seconds, run)
    json.dump(report(given, run, given.warm_up), sys.stdout)
    print()


if __name__ == "__main__":
    main()
