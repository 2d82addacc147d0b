"""The JSON Schema says of a file what the loader says of it, as far as types, keys and words go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from feedhub.config import json_schema, load_text
from feedhub.config.nodes import Plain
from feedhub.config.ruamel_yaml import read
from feedhub.config.sections import keys_of, places_of
from feedhub.config.shape import shape
from feedhub.config.validate import validate
from feedhub.errors import ConfigError

FILE = Path("config.yaml")
SCHEMA = json_schema()
EDITOR = Draft202012Validator(SCHEMA)
PLACES = [(path, key) for path, section in places_of() for key in keys_of(section)]
ENVIRON = {"TOKEN": "a-token", "PASSWORD": "a-password"}

VALID = """
{}
site: {title: 2024, language: pt-BR, timezone: Asia/Ho_Chi_Minh}
site:
examples: yes
examples: off
sources:
sources: []
sources: [http://example.org/]
sources: [{url: 'http://example.org/'}]
sources: [{url: 'http://example.org/', slug: example, name: 2024, categories: News}]
sources: [{url: 'http://example.org/', slug: 2024}]
sources: [{url: 'http://example.org/', interval: 30m}]
sources: [{url: 'http://example.org/', interval: 3600}]
sources: [{url: 'http://example.org/', interval: {min: 1h}, content: link, enabled: no}]
sources: [{url: 'http://example.org/', headers: {X-Key: '${TOKEN}', X-Number: 3}}]
sources: [{url: 'http://example.org/', auth: {username: me, password: '${PASSWORD}'}}]
sources: [{url: 'http://example.org/', auth: {bearer: '${TOKEN}'}, formerly: old}]
sources: [{url: 'http://example.org/', keep: rate*, drop: [quiz, {title: '^Ad'}]}]
sources: [{url: 'http://example.org/', keep: {language: vi, enclosure: [audio]}}]
topics: {ai: '=AI'}
topics: {ai: [=AI, 2024, true]}
topics: {Central banks: [interest rate*, {category: Rates, in: title}]}
topics: {rest: {default: true}, empty: }
topics: {ai: {any: '=AI', all: [{language: en}, rate], none: {author: [Editors]}, formerly: [robots]}}
topics: {ai: {any: [{keyword: =AI, in: [title, content]}]}, wide: [a b], deep: {parent: wide, any: [c d]}}
authors: {people: {huyen-tran: [Huyen Tran, Trần Huyền]}}
authors: {people: {Huyền Trần: Huyen Tran, hidden: {hide: true}}, roles: Junior Analyst, scope: source}
polling: {interval: 1h, ports: 443, allow_networks: 192.168.1.0/24, jitter: 0.5}
polling: {interval: {min: 15m, max: 2d}, ports: [80, 8000-8999], allow_networks: ['fd00::/8']}
polling: {timeouts: {dns: 1.5s, total: 60}, limits: {wire_bytes: 5MB, decoded_bytes: 1000000, redirects: 0}}
feeds: {kinds: topics, formats: [atom, json], size: 10, private: {all: '${TOKEN}'}}
feeds: {private: {all: ['${TOKEN}']}, content: summary, noindex: false}
retention: {keep_for: 52w, keep_at_least: 0}
database: {url: 'sqlite:///x.db', busy_timeout: 5s}
server: {host: 0.0.0.0, port: 0}
""".strip().splitlines()

INVALID = """
[]
just a text
topcis: {}
file: config.yaml
plain_secrets: []
site: [title]
site: {tilte: x}
site: {title: [x]}
site: {language: English (UK)}
site: {base_url: example.org}
site: {timezone: 'not a zone'}
examples: maybe
examples: [true]
sources: http://example.org/
sources: {url: 'http://example.org/'}
sources: [example.org]
sources: [ftp://example.org/]
sources: [{name: x}]
sources: [{url: }]
sources: [{url: 'http://example.org/', slug: Not A Slug}]
sources: [{url: 'http://example.org/', interval: 15 minutes}]
sources: [{url: 'http://example.org/', interval: {min: -1}}]
sources: [{url: 'http://example.org/', interval: {least: 1h}}]
sources: [{url: 'http://example.org/', content: summery}]
sources: [{url: 'http://example.org/', enabled: sometimes}]
sources: [{url: 'http://example.org/', headers: [X-Key]}]
sources: [{url: 'http://example.org/', headers: {X-Key: [a]}}]
sources: [{url: 'http://example.org/', auth: secret}]
sources: [{url: 'http://example.org/', auth: {token: x}}]
sources: [{url: 'http://example.org/', keep: [{keywords: [x]}]}]
sources: [{url: 'http://example.org/', keep: [{}]}]
sources: [{url: 'http://example.org/', drop: [[x]]}]
topics: [ai]
topics: {ai: {keyword: =AI}}
topics: {ai: {any: [{keyword: x, in: body}]}}
topics: {ai: {default: perhaps}}
topics: {ai: {any: [{}]}}
authors: {people: [x]}
authors: {people: {x: {alias: y}}}
authors: {scope: everywhere}
polling: {interval: [1h]}
polling: {concurrency: 0}
polling: {concurrency: many}
polling: {jitter: 0.6}
polling: {ports: all}
polling: {ports: [0]}
polling: {allow_networks: home}
polling: {limits: {redirects: 21}}
polling: {limits: {wire_bytes: 5 megs}}
feeds: {formats: [atom, xml]}
feeds: {kinds: [topic]}
feeds: {size: 0}
feeds: {size: 1001}
feeds: {private: [all]}
retention: {keep_for: forever}
server: {port: 65536}
server: {port: 80.5}
database: sqlite:///x.db
database: {url: {path: x}}
""".strip().splitlines()


def _plain(text: str) -> Plain:
    tree, problems = read(text)
    assert tree is not None
    assert problems == []
    return tree.plain()


def _loads(text: str) -> bool:
    try:
        load_text(text, FILE, ENVIRON)
    except ConfigError:
        return False
    return True


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_a_caller_may_change_its_copy() -> None:
    copy = json_schema()
    copy["properties"] = {}
    assert json_schema() == SCHEMA


@pytest.mark.parametrize("text", VALID)
def test_what_the_schema_and_the_loader_accept(text: str) -> None:
    assert [error.message for error in EDITOR.iter_errors(_plain(text))] == []
    assert _loads(text)


@pytest.mark.parametrize("text", INVALID)
def test_what_the_schema_and_the_loader_refuse(text: str) -> None:
    assert not EDITOR.is_valid(_plain(text))
    assert not _loads(text)


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    text = """
        database: {url: {file: secret}}
        sources: [{url: 'http://example.org/', headers: {X-Key: {file: secret}}, auth: {bearer: {file: secret}}}]
        feeds: {private: {all: {file: secret}}}
    """
    assert EDITOR.is_valid(_plain(text))
    settings = load_text(text, tmp_path / "config.yaml", {})
    assert settings.sources[0].request_headers() == {"X-Key": "s3cret", "Authorization": "Bearer s3cret"}


def _nested(path: str, key: str, value: Plain) -> Plain:
    """A file with one value at a key; sources on the way to it get the address they need."""
    made: dict[str, Plain] = {key: value}
    steps = [step for step in path.replace("[]", ".[]").split(".") if step]
    while steps:
        step = steps.pop()
        if steps == ["sources"]:
            assert step == "[]"
            return {"sources": [{"url": "http://example.org/", **made}]}
        made = {steps.pop(): [made]} if step == "[]" else {"name" if step == "<key>" else step: made}
    return made


def _types_fit(document: Plain) -> bool:
    """Whether the loader has nothing against the forms and types of a file."""
    tree, _ = read(json.dumps(document))
    assert tree is not None
    shaped, problems = shape(tree)
    return not problems and not validate(shaped, FILE).problems


@pytest.mark.parametrize("probe", [{"nonsense": 1}, [[]], ["a", []], None], ids=json.dumps)
@pytest.mark.parametrize(("path", "key"), PLACES)
def test_for_every_key_both_agree_on_the_kind_of_value(path: str, key: str, probe: Plain) -> None:
    document = _nested(path, key, probe)
    assert EDITOR.is_valid(document) == _types_fit(document)


@pytest.mark.parametrize(("path", "key"), PLACES)
def test_every_key_is_explained_where_an_editor_shows_it(path: str, key: str) -> None:
    section = next(section for place, section in places_of() if place == path)
    assert keys_of(section)[key].description
    explained = _below(SCHEMA, *(("$defs", section.__name__) if path else ()), "properties", key)
    assert "description" in explained or key == "defaults"  # there the section's own description is shown


def _below(schema: dict[str, object], *steps: str) -> dict[str, object]:
    for step in steps:
        below = schema[step]
        assert isinstance(below, dict)
        schema = below
    return schema


def test_the_project_s_own_file_is_valid() -> None:
    text = (Path(__file__).parents[3] / "config.yaml").read_text()
    assert [error.message for error in EDITOR.iter_errors(_plain(text))] == []
