"""What `pip install feedhub` gives: the wheel is built, installed beside the dependencies, and does the first run."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.require import missing

PROJECT = Path(__file__).parents[2]
RUN = "import sys; from feedhub.cli import main; sys.argv[0] = 'feedhub'; main()"


@dataclass(frozen=True, slots=True)
class Installed:
    """The wheel's code in a folder of its own, and an environment that finds it before anything else."""

    folder: Path
    environ: Mapping[str, str]

    def python(self, at: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        # -S leaves out the site folder, whose .pth would lead back to the source tree; PYTHONPATH brings it in last.
        return subprocess.run(
            [sys.executable, "-S", *arguments],
            cwd=at,
            env=dict(self.environ),
            capture_output=True,
            text=True,
            timeout=100,
            check=True,
        )

    def feedhub(self, at: Path, *arguments: str) -> str:
        return self.python(at, "-c", RUN, *arguments).stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for module in ("build", "hatchling"):
        if importlib.util.find_spec(module) is None:
            missing(f"the Python package {module}")
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(PROJECT)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("feedhub-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    paths = [str(folder), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("FEEDHUB", "PYTHON", "COV"))}
    return Installed(folder, {**environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))})


def test_the_wheel_holds_what_the_program_needs_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        entry_points = next(name for name in names if name.endswith(".dist-info/entry_points.txt"))
        assert "Requires-Dist: feedparser" in archive.read(metadata).decode()
        assert "feedhub = feedhub.cli:main" in archive.read(entry_points).decode()
    for folder, inside in (
        ("migrations", "feedhub/store/migrations"),
        ("examples", "feedhub/serve/examples"),
        ("src/feedhub", "feedhub"),
    ):
        assert _files(PROJECT / folder, inside) <= names
    assert {"feedhub/config/example.yaml", "feedhub/store/migrations/versions/0001_initial.py"} <= names
    assert any(name.startswith("feedhub/serve/templates/") for name in names)
    assert any(name.startswith("feedhub/serve/static/") for name in names)
    odd = [name for name in names if not name.startswith("feedhub/") and ".dist-info/" not in name]
    odd += [name for name in names if "__pycache__" in name or "/tests/" in name or name.endswith((".pyc", ".db"))]
    assert odd == []


def _files(folder: Path, inside: str) -> set[str]:
    """What of a folder must be in the wheel."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {f"{inside}/{path.relative_to(folder).as_posix()}" for path in files}


def test_the_installed_wheel_does_the_first_run_from_an_empty_folder(installed: Installed, tmp_path: Path) -> None:
    where = installed.python(tmp_path, "-c", "import feedhub; print(feedhub.__file__)").stdout
    assert Path(where.strip()).is_relative_to(installed.folder)
    installed.feedhub(tmp_path, "init")
    config = tmp_path / "config.yaml"
    # Public addresses are left out: this test must not wait for a network that is not there.
    text = config.read_text(encoding="utf-8")
    head, found, rest = text.partition("\nsources:\n")
    assert found
    config.write_text(head + "\nserver:\n  port: 0\n\n" + rest[rest.index("\ntopics:\n") :], encoding="utf-8")
    outcomes = json.loads(installed.feedhub(tmp_path, "poll", "--all", "--json"))
    assert len(outcomes) == 5
    assert {(one["kind"], one["new"] > 0) for one in outcomes} == {("ok", True)}
    installed.feedhub(tmp_path, "export", "site")
    assert (tmp_path / "site" / "all.atom").read_text(encoding="utf-8").count("<entry") > 10
    assert (tmp_path / "site" / "topics" / "central-banks.html").is_file()
    assert list((tmp_path / "site" / "static").iterdir())


def test_the_schema_that_init_writes_is_that_of_the_program(installed: Installed, tmp_path: Path) -> None:
    installed.feedhub(tmp_path, "init", "news")
    written = json.loads((tmp_path / "news" / "feedhub.schema.json").read_text(encoding="utf-8"))
    assert written == json.loads(installed.feedhub(tmp_path, "config", "schema"))
    assert (
        (tmp_path / "news" / "config.yaml")
        .read_text(encoding="utf-8")
        .splitlines()[0]
        .endswith("$schema=./feedhub.schema.json")
    )
