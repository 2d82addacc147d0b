"""``feedhub init``: what it writes works, and nothing that is there is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feedhub.config import json_schema, load, warnings, write_starter
from feedhub.errors import OutputError

PROJECT = Path(__file__).parents[3]


def test_it_writes_a_configuration_that_loads_and_the_schema_it_names(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    config, schema = write_starter(folder)
    assert (config, schema) == (folder / "config.yaml", folder / "feedhub.schema.json")
    assert config.read_bytes() == (PROJECT / "config.yaml").read_bytes()
    assert config.read_text().splitlines()[0] == f"# yaml-language-server: $schema=./{schema.name}"
    assert json.loads(schema.read_text()) == json_schema()
    settings = load(config, {})
    assert settings.examples
    assert [advice.partition(":")[0] for advice in warnings(settings)] == ["site.contact"]


def test_the_configuration_is_short_enough_to_be_read() -> None:
    assert len((PROJECT / "config.yaml").read_text().splitlines()) < 90


@pytest.mark.parametrize("name", ["config.yaml", "feedhub.schema.json"])
def test_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputError, match=r"is there already; nothing was written\. .*another folder"):
        write_starter(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {name: "mine"}


def test_a_link_that_leads_nowhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="is there already"):
        write_starter(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match=r"cannot be made: .*feedhub init FOLDER"):
            write_starter(folder)
