"""Benchmarks are compared with what was committed by ratios to a baseline of the same run, and by nothing else."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import pytest

from reporting import Calibration, Figure, Report, compare, figures_of, told

SLOW = Calibration(loop=0.5, document=0.1)


def figure(name: str, value: float, ratio: float, *, more_is_better: bool = False) -> Figure:
    return Figure(name=name, value=value, unit="s", ratio=ratio, more_is_better=more_is_better)


def test_a_slower_machine_is_no_regression() -> None:
    found = compare([figure("poll", 10, 2.0)], [figure("poll", 30, 2.1)])
    assert (found.worse, found.better, found.compared) == ([], [], 1)


@pytest.mark.parametrize(
    ("then", "now", "more_is_better", "worse", "better"),
    [
        (2.0, 2.5, False, 0, 0),  # exactly the tolerance
        (2.0, 2.6, False, 1, 0),
        (2.0, 1.5, False, 0, 1),
        (0.5, 0.3, True, 1, 0),
        (0.5, 0.7, True, 0, 1),
        (0.0, 0.0, False, 0, 0),
        (0.0, 0.1, False, 1, 0),
        (0.5, 0.0, True, 1, 0),
    ],
)
def test_a_ratio_that_is_worse_by_more_than_a_quarter_is_told(
    then: float, now: float, more_is_better: bool, worse: int, better: int
) -> None:
    old, new = (figure("x", 1, ratio, more_is_better=more_is_better) for ratio in (then, now))
    found = compare([old], [new])
    assert (len(found.worse), len(found.better)) == (worse, better)


def test_the_worst_comes_first_and_what_is_not_measured_any_more_is_named() -> None:
    then = [figure("a", 1, 1.0), figure("b", 1, 1.0), figure("gone", 1, 1.0)]
    text = told("poll", compare(then, [figure("a", 1, 1.5), figure("b", 1, 3.0), figure("new", 1, 9.0)]))
    assert text.splitlines() == [
        "poll: 2 figures compared with the committed ones by their ratios, 2 worse",
        "- worse by 200%: b (1 -> 3)",
        "- worse by 50%: a (1 -> 1.5)",
        "- no longer measured: gone",
    ]


def test_rows_are_written_and_read_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = Namespace(keep=False, rows=tmp_path, remark="a busy machine")
    with Report("no such script", options, "100", seed=7, versions={"feedhub": "1"}, calibration=SLOW) as report:
        report.table("what", "s", title="A table")
        assert report.figure("beside a peer", 3, "s", baseline=2) == 1.5
        assert report.figure("beside the loop", 3, "s") == 6
        report.row("beside a peer", 3.14159, 1234.5, 7)
    printed = capsys.readouterr().out
    assert "`python benchmarks/no such script.py 100`; seed 7" in printed
    assert "| beside a peer | 3.14 | 1,234 | 7 |" in printed
    assert "nothing to compare with" in printed
    rows = json.loads((tmp_path / "no such script.json").read_text())
    assert (rows["command"], rows["seed"], rows["remark"]) == ("100", 7, "a busy machine")
    assert figures_of(rows) == report.figures


def test_a_script_that_fails_keeps_no_rows(tmp_path: Path) -> None:
    report = Report("no such script", Namespace(keep=False, rows=tmp_path, remark=""), calibration=SLOW)

    def fail() -> None:
        with report:
            report.figure("half", 1, "s", baseline=1)
            raise RuntimeError("the peer is gone")

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []
