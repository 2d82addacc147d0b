"""The price of a poll: the one number by which the operator's budget steers all sources."""

from __future__ import annotations

import math
from datetime import timedelta

PRICE = 0.005
"""The price of a poll in entry-days of delay when no budget says otherwise. At it 24 entries a day are polled about every
half hour, one a day every 2.4 hours, one in a month every 11."""
LOWEST = 5e-5
"""At this price one entry a day is polled every quarter of an hour, the usual shortest interval: there is no more to buy."""
HIGHEST = 1e4
"""At this price every source has reached its longest interval."""
SETTLING = timedelta(days=1)
"""In this time the price goes the whole way to where the budget holds; faster would chase the hours of the day."""
STRONGEST = 8.0
"""One step believes no larger ratio of used to budget, nor a smaller one than its inverse."""


def steer(price: float, used: float, budget: float | None, elapsed: timedelta) -> float:
    """The price for the time to come.

    At a price c polls per time go with 1/√c, so that c·(used/budget)² is the price at which the budget would have
    held. Each step goes as much of that way as its time is a share of ``SETTLING``. A budget is spent: when it grants more
    than ``PRICE`` would use, polls become cheaper, down to ``LOWEST``.

    :param used: polls per source and day in the time past.
    :param budget: polls per source and day that the operator grants; None: no limit.
    """
    if budget is None:
        return PRICE
    ratio = min(max(used / budget, 1 / STRONGEST), STRONGEST)
    share = min(max(elapsed / SETTLING, 0.0), 1.0)
    moved = price * math.pow(ratio, 2 * share)
    return min(max(moved, LOWEST), HIGHEST)


class Tariff:
    """The price in force in this process, and how many polls were made since it was set.

    The writer thread reads and counts, the loop's clock steers; a torn count costs nothing.
    """

    def __init__(self, price: float = PRICE) -> None:
        self.price = min(max(price, LOWEST), HIGHEST)
        self._polls = 0

    def count(self, polls: int) -> None:
        self._polls += polls

    def settle(self, sources: int, budget: float | None, elapsed: timedelta) -> float:
        """Steer by what was counted since the last call, count anew, and return the new price."""
        polls, self._polls = self._polls, 0
        days = elapsed / timedelta(days=1)
        if sources > 0 and days > 0:
            self.price = steer(self.price, polls / sources / days, budget, elapsed)
        return self.price
