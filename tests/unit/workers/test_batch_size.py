"""Transactions of upkeep stay short, whatever an entry costs."""

from __future__ import annotations

import pytest

from feedhub.workers.batch_size import FIRST, LEAST, MOST, WANTED, BatchSize


class Disk:
    """A clock that a transaction moves on, by what each of its entries costs."""

    def __init__(self, cost: float) -> None:
        self.cost, self.now = cost, 0.0
        self.took: list[float] = []

    def remove(self, count: int) -> int:
        self.now += count * self.cost
        self.took.append(count * self.cost)
        return count

    def run(self, size: BatchSize, transactions: int) -> None:
        for _ in range(transactions):
            count = size.entries
            assert size.timed(count, lambda count=count: self.remove(count)) == count  # type: ignore[misc]


@pytest.mark.parametrize("milliseconds", [0.5, 1.5, 5, 15])
def test_from_the_second_transaction_on_none_takes_longer_than_wanted(milliseconds: float) -> None:
    disk = Disk(milliseconds / 1000)
    disk.run(BatchSize(clock=lambda: disk.now), 6)
    assert all(took <= WANTED + 1e-9 for took in disk.took[1:])
    assert disk.took[-1] > WANTED * 0.7


def test_what_costs_nothing_or_very_much_stays_within_bounds() -> None:
    disk = Disk(0.0)
    size = BatchSize(clock=lambda: disk.now)
    disk.run(size, 1)
    assert size.entries == 2 * FIRST  # by twice at most: it may have been luck
    disk.run(size, 5)
    assert size.entries == MOST
    disk.cost = 1.0
    disk.run(size, 1)
    assert size.entries == LEAST


def test_an_empty_transaction_and_one_that_fails_teach_nothing() -> None:
    disk = Disk(0.0)
    size = BatchSize(clock=lambda: disk.now)
    size.timed(0, lambda: disk.remove(0))
    with pytest.raises(ZeroDivisionError):
        size.timed(1, lambda: 1 // 0)
    assert size.entries == FIRST
