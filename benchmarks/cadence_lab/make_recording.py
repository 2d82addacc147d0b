"""Writes ``made_up.csv``: a MADE-UP recording, so that the replay has something to run on. No real site is in it.

    cd benchmarks && python -m cadence_lab.make_recording

It is made by other rules than ``families.py``: log-rates that wander from day to day (an Ornstein-Uhlenbeck process), hours from a mixture of
editors who each have a shift, entries that call for more entries (a Hawkes process), holidays on which nobody writes, entries that appear
later than they say, and a recorder that looks once an hour and was down for a day. Published dates are missing here and there.
"""

from __future__ import annotations

import math
import random
from pathlib import Path

from cadence_lab.replay import Row, write_csv

DAY, HOUR = 86_400, 3600
BEGIN = 1_788_739_200
"""A Monday of 2026, midnight UTC."""
DAYS, SOURCES, SEED = 42, 48, 20261125
PAST = 30
FILE = Path(__file__).parent / "made_up.csv"


def recording() -> list[Row]:
    """The same rows each time."""
    dice = random.Random(SEED)
    rows = [row for number in range(SOURCES) for row in _source(f"made-up-{number:02}", dice)]
    return sorted(rows, key=lambda row: (row[2], row[0], row[1] or 0))


def _source(name: str, dice: random.Random) -> list[Row]:
    usual = math.exp(dice.gauss(math.log(0.7), 1.5))
    shifts = [(dice.uniform(5, 20), dice.uniform(1, 3)) for _ in range(dice.choice((1, 1, 2, 3)))]
    days_off = set(dice.choice(((), (5, 6), (6,))))
    holidays = set(dice.sample(range(-PAST, DAYS), 4))
    echo, late, undated = dice.uniform(0, 0.5), dice.random() < 0.15, dice.choice((0, 0, 0, 0.1, 1.0))
    wander, found = dice.gauss(0, 0.6), []
    for day in range(-PAST, DAYS):
        wander = wander * 0.93 + dice.gauss(0, 0.25)
        quiet = (day % 7 in days_off) or day in holidays
        expected = min(usual * math.exp(wander), 40) * (0.1 if quiet else 1.0) * (1 - echo)
        for _ in range(_poisson(expected, dice)):
            peak, width = dice.choice(shifts)
            found += _with_echoes(BEGIN + int((day + dice.gauss(peak, width) / 24) * DAY), echo, dice)
    start = BEGIN + dice.randrange(HOUR)
    return [row for row in _seen(name, sorted(found), start, late, undated, dice) if row[2] < BEGIN + DAYS * DAY]


def _with_echoes(moment: int, echo: float, dice: random.Random) -> list[int]:
    """The entry and what it calls for, each of which may call for more."""
    family = [moment]
    for parent in family:
        if dice.random() < echo and len(family) < 20:
            family.append(parent + int(dice.expovariate(1 / (2 * HOUR))))
    return family


def _seen(name: str, found: list[int], start: int, late: bool, undated: float, dice: random.Random) -> list[Row]:
    """What a recorder saw that looks once an hour, with a gap of a day: its first look shows the newest thirty."""
    past = [moment for moment in found if moment <= start][-30:]
    rows: list[Row] = [(name, None if dice.random() < undated else moment, start) for moment in past]
    for moment in found:
        if moment > start:
            shown = moment + (dice.randrange(4 * HOUR) if late else 0)
            look = start + -(-(shown - start) // HOUR) * HOUR
            if 20 <= (look - BEGIN) // DAY < 21:
                look = start + 21 * DAY
            rows.append((name, None if dice.random() < undated else moment, look))
    return rows


def _poisson(mean: float, dice: random.Random) -> int:
    count, left = 0, math.exp(-mean)
    product = dice.random()
    while product > left:
        count += 1
        product *= dice.random()
    return count


if __name__ == "__main__":
    rows = recording()
    write_csv(rows, FILE)
    print(f"{len(rows)} entries of {SOURCES} made-up sources: {FILE}")
