"""Results as Markdown tables, and the verdict on what was promised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

from cadence_lab.families import FAMILIES
from cadence_lab.policies import FEEDHUB, MINIFLUX, SQUARE_ROOT
from cadence_lab.tuning import Result

BEATS_MINIFLUX, BEATS_SQUARE_ROOT, MISSES = 0.65, 0.95, 0.5
"""Most that FeedHub's mean delay may be of Miniflux's and of the square-root rule's; percent of entries it may miss."""
PROMISED_AT = 8.0
"""Polls per source and day at which that is promised."""


def table(results: Iterable[Result]) -> str:
    """One row per policy, means over the seeds; a budget that was not reached is marked."""
    lines = [
        "| policy | polls a day | mean | median | p95 | feed mean | missed % | polls per entry | forbidden | unadvised |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, some in _by_policy(results):
        steered = name.startswith(FEEDHUB) and name != FEEDHUB  # its budget is used as the product uses it, not tuned
        mark = "" if steered or all(one.reached for one in some) else " (budget not reached)"
        figures = [
            f"{fmean(one.polls for one in some):.2f}{mark}",
            *(f"{fmean(getattr(one, what) for one in some):.1f}" for what in ("mean", "median", "p95", "feed_mean")),
            f"{fmean(one.missed for one in some):.2f}",
            f"{fmean(one.polls_per_entry for one in some):.2f}",
            str(sum(one.forbidden for one in some)),
            str(sum(one.unadvised for one in some)),
        ]
        lines.append(f"| {name} | {' | '.join(figures)} |")
    return "\n".join(lines)


def family_table(results: Iterable[Result], names: Sequence[str]) -> str:
    """Mean delay by kind of source, for some of the policies."""
    lines = [f"| policy | {' | '.join(FAMILIES)} |", "|---|" + "---|" * len(FAMILIES)]
    for name, some in _by_policy(results):
        if name in names:
            cells = []
            for family in FAMILIES:
                found = [one.families[family] for one in some if family in one.families]
                cells.append(f"{fmean(found):.1f}" if found else "–")
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def losses(results: Sequence[Result]) -> list[str]:
    """Where another policy was better than FeedHub at an equal budget; the oracle, which knows the future, is left out."""
    found = []
    ours = {(one.seed, one.budget): one for one in results if one.policy == FEEDHUB}
    for name, some in _by_policy(results):
        pairs = [(one, ours[one.seed, one.budget]) for one in some if one.reached and (one.seed, one.budget) in ours]
        if name.startswith((FEEDHUB, "oracle")) or not pairs:
            continue
        for what, digits in (("mean", 1), ("median", 1), ("p95", 1), ("feed_mean", 1), ("missed", 2)):
            theirs, own = (fmean(getattr(pair[side], what) for pair in pairs) for side in (0, 1))
            if round(theirs, digits) < round(own, digits):
                found.append(f"{name}: {what.replace('_', ' ')} {theirs:.{digits}f} against {own:.{digits}f}")
    return found


def beside_miniflux(results: Sequence[Result]) -> list[tuple[str, float]]:
    """FeedHub's mean delay as a part of Miniflux's, for each budget and seed."""
    theirs = {(one.budget, one.seed): one.mean for one in results if one.policy == MINIFLUX}
    ours = [one for one in results if one.policy == FEEDHUB and (one.budget, one.seed) in theirs]
    return [(f"{one.budget:g} polls a day, seed {one.seed}", one.mean / theirs[one.budget, one.seed]) for one in ours]


def verdict(results: Sequence[Result]) -> str:
    """Target, figures of each seed, met or not."""
    seeds = sorted({one.seed for one in results})
    rows = []
    for seed in seeds:
        found = {one.policy: one for one in results if one.seed == seed and one.budget == PROMISED_AT}
        ours = found[FEEDHUB]
        rows.append(
            (
                ours.mean / found[MINIFLUX].mean,
                ours.mean / found[SQUARE_ROOT].mean,
                ours.missed,
                float(ours.forbidden),
                ours.mean / found[f"{MINIFLUX}, hints kept"].mean,
                ours.mean / found[f"{SQUARE_ROOT}, hints kept"].mean,
            )
        )
    every = [one.forbidden for one in results if one.policy.startswith(FEEDHUB)]
    targets = (
        (f"mean delay / Miniflux's: at most {BEATS_MINIFLUX}", BEATS_MINIFLUX),
        (f"mean delay / square-root rule's: at most {BEATS_SQUARE_ROOT}", BEATS_SQUARE_ROOT),
        (f"missed entries: under {MISSES} %", MISSES),
        ("requests that a hint forbade: none", 0.0),
        ("for comparison, mean delay / Miniflux's when that keeps every hint too", None),
        ("for comparison, mean delay / square-root rule's when that keeps every hint too", None),
    )
    lines = [f"| target | {' | '.join(f'seed {seed}' for seed in seeds)} | met |", "|---|" + "---|" * (len(seeds) + 1)]
    for place, (what, most) in enumerate(targets):
        figures = [row[place] for row in rows]
        met = "–" if most is None else "yes" if all(figure <= most for figure in figures) else "NO"
        lines.append(f"| {what} | {' | '.join(f'{figure:.3g}' for figure in figures)} | {met} |")
    return "\n".join(lines) + f"\n\nForbidden requests of FeedHub in all runs together: {sum(every)}."


def _by_policy(results: Iterable[Result]) -> Iterable[tuple[str, list[Result]]]:
    groups: dict[str, list[Result]] = {}
    for one in results:
        groups.setdefault(one.policy, []).append(one)
    return groups.items()
