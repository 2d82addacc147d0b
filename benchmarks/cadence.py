"""Polling policies side by side at equal budgets, in simulated time: FeedHub's own code and the rules of others.

    python benchmarks/cadence.py                  invented sources at 3, 8 and 24 polls a day, then the made-up recording
    python benchmarks/cadence.py --quick          fewer sources, 8 polls a day only
    python benchmarks/cadence.py --held-out       other seeds than those any version was made with, 8 polls a day only
    python benchmarks/cadence.py --trace FILE     a recording instead: CSV of source,published,first_seen
    python benchmarks/cadence.py --from-db URL    the recording in a FeedHub database (sqlite:///feedhub.db); --save FILE keeps it

Delays are minutes from an entry's appearance in its list to the poll that finds it: over all entries, and as *feed mean* the mean of the
sources' means. *Missed* left their list unseen. *Forbidden* requests came within Retry-After, freshness or skipHours, *unadvised* ones
earlier than ttl. The same seed gives the same figures. See ``cadence_lab`` for sources, rules and scoring.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from cadence_lab import feedhub_policy, replay, report
from cadence_lab.families import make_sources
from cadence_lab.policies import BY_NAME, FEEDHUB, MINIFLUX, POLICIES, SQUARE_ROOT
from cadence_lab.traces import DAY, Span, Trace
from cadence_lab.tuning import Result, summed, tune
from reporting import Report, arguments, versions

SPAN = Span(begin=28 * DAY, end=56 * DAY)
SEEDS = ["1", "2", "3"]
"""Those the first version of the policy was made with. The second was made with 20 to 49, and saw these once, when it was done."""
HELD_OUT = ["10", "11", "12", "13", "14", "15"]
"""No version was changed after a look at these."""
BUDGETS = {3.0: 120, 8.0: 120, 24.0: 40}
"""Polls per source and day, and how many sources: the polls of a run are what it costs."""
QUICK = {8.0: 40}
STEERED = f"{FEEDHUB}, price steered by the budget"
MADE_UP = Path(__file__).parent / "cadence_lab" / "made_up.csv"
REPLAY_BUDGET = 8.0

Job = tuple[str, float, int]
"""Policy, budget, number of sources (0: the replayed ones)."""


@cache
def _invented(count: int, seed: str) -> tuple[list[Trace], Span]:
    return make_sources(count, int(seed), SPAN), SPAN


_recorded: tuple[list[Trace], Span] | None = None


def _work(job: Job) -> list[Result]:
    """One policy at one budget on every seed; the knob of one seed is the next one's first guess."""
    name, budget, count = job
    if name == STEERED:
        return [_steered(budget, *_invented(count, seed), seed) for seed in SEEDS]
    policy, results = BY_NAME[name], []
    guess = policy.guess * (8.0 / budget) ** (-1 / policy.slope)
    for seed in SEEDS if count else ("recording",):
        traces, span = _invented(count, seed) if count else _recorded or ([], SPAN)
        guess, scores = tune(policy, traces, span, budget, guess)
        results.append(summed(name, seed, budget, guess, traces, scores, span))
    return results


def _steered(budget: float, traces: list[Trace], span: Span, seed: str) -> Result:
    scores, price = feedhub_policy.steered(traces, budget, span)
    return summed(STEERED, seed, budget, price, traces, scores, span)


def _run(jobs: Sequence[Job], processes: int) -> list[Result]:
    """In the order of the jobs."""
    if processes == 1:
        return [result for job in jobs for result in _work(job)]
    with multiprocessing.get_context("fork").Pool(processes) as pool:  # fork: the recording comes along
        return [result for some in pool.imap(_work, jobs, chunksize=1) for result in some]


def invented(sizes: dict[float, int], processes: int, kept: Report) -> None:
    """The tables on invented sources, one for each budget, and the verdict."""
    jobs = [(name, budget, count) for budget, count in sizes.items() for name in (STEERED, *BY_NAME)]
    jobs.sort(
        key=lambda job: not job[0].startswith(FEEDHUB)
    )  # the dear ones first, so that no process waits at the end
    began, results = time.perf_counter(), _run(jobs, processes)
    for budget, count in sizes.items():
        some = [one for one in results if one.budget == budget]
        print(
            f"\n## {budget:g} polls per source and day: {count} invented sources, means of seeds {', '.join(SEEDS)}\n"
        )
        print(report.table(some))
        print("\nMean delay by kind of source:\n")
        print(report.family_table(some, (FEEDHUB, SQUARE_ROOT, MINIFLUX, "fixed interval", POLICIES[-1].name)))
        _print_losses(some)
    print(f"\n## Promised at {report.PROMISED_AT:g} polls a day\n")
    print(report.verdict(results))
    for name, ratio in report.beside_miniflux(results):
        kept.figure(f"mean delay beside Miniflux's, {name}", ratio, "of 1", baseline=1)
    print(
        f"\n{SPAN.begin // DAY} days to learn, {SPAN.days:g} scored; {time.perf_counter() - began:.0f} s.", flush=True
    )


def replayed(rows: list[replay.Row], what: str, processes: int) -> None:
    """The table on a recording."""
    global _recorded  # noqa: PLW0603  the forked processes find it here
    _recorded = replay.as_traces(rows)
    traces, span = _recorded
    began = time.perf_counter()
    results = _run([(policy.name, REPLAY_BUDGET, 0) for policy in POLICIES if not policy.omniscient], processes)
    print(
        f"\n## {REPLAY_BUDGET:g} polls per source and day: {what}, {len(traces)} sources, {span.days:.0f} days scored\n"
    )
    print(report.table(results))
    _print_losses(results)
    print(f"\n{time.perf_counter() - began:.0f} s.", flush=True)


def _print_losses(results: list[Result]) -> None:
    found = report.losses(results)
    print("\nWhere FeedHub loses: " + ("; ".join(found) if found else "nowhere") + ".")


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--quick", action="store_true", help="40 sources and 8 polls a day only")
    parser.add_argument("--held-out", action="store_true", help=f"seeds {', '.join(HELD_OUT)}, 8 polls a day only")
    recording = parser.add_mutually_exclusive_group()
    recording.add_argument("--trace", type=Path, help="replay this CSV instead of the invented sources")
    recording.add_argument("--from-db", metavar="URL", help="replay what a FeedHub database recorded")
    parser.add_argument("--save", type=Path, help="with --from-db: write the recording as CSV")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    if options.save and not options.from_db:
        parser.error("--save writes what --from-db reads: give both")
    chosen = "--held-out" if options.held_out else "--quick" if options.quick else ""
    with Report("cadence", options, chosen, versions=versions()) as kept:
        run(options, kept)


def run(options: argparse.Namespace, kept: Report) -> None:
    """What the options ask for."""
    if options.trace or options.from_db:
        rows = list(replay.read_csv(options.trace) if options.trace else replay.read_database(options.from_db))
        if options.save:
            replay.write_csv(rows, options.save)
        replayed(rows, str(options.trace or "the database's recording"), options.processes)
        return
    if options.held_out:
        SEEDS[:] = HELD_OUT  # before the processes are forked
        invented({8.0: BUDGETS[8.0]}, options.processes, kept)
        return
    invented(QUICK if options.quick else BUDGETS, options.processes, kept)
    replayed(list(replay.read_csv(MADE_UP)), "a MADE-UP recording (cadence_lab/make_recording.py)", options.processes)


if __name__ == "__main__":
    main()
