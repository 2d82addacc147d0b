"""JSON-LD as sites really write it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from feedhub.extract.json_ld import nodes_of, read_script
from feedhub.extract.linked_data import articles_of, breadcrumb_of, facts_of, list_of


def _same(address: str) -> str:
    return address if address.startswith("http") else ""


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('{"a": 1}', [{"a": 1}]),
        ('\ufeff<!-- {"a": 1} -->', [{"a": 1}]),
        ('//<![CDATA[\n{"a": 1}\n//]]>', [{"a": 1}]),
        ('{"a": "line\nbreak"}', [{"a": "line\nbreak"}]),
        ('{"a": [1, 2,], }', [{"a": [1, 2]}]),
        ('{"a": "say "yes", please", "b": 2}', [{"a": 'say "yes", please', "b": 2}]),
        ('{"a": "C:\\dir"}', [{"a": "C:\\dir"}]),
        ("{&quot;a&quot;: 1}", [{"a": 1}]),
        ('{"a": 1}{"b": 2}', [{"a": 1}, {"b": 2}]),
        ('{"a": 1};', [{"a": 1}]),
        ('{"a": {"b": 1}, "c": [1, 2], "d": "cut off in the mid', [{"a": {"b": 1}, "c": [1, 2]}]),
    ],
    ids=[
        "whole",
        "comment",
        "cdata",
        "line break",
        "commas",
        "quotes",
        "escape",
        "entities",
        "several",
        "semicolon",
        "cut off",
    ],
)
def test_damage_is_repaired_where_it_is_unambiguous(script: str, expected: list[Any]) -> None:
    assert read_script(script)[0] == expected


@pytest.mark.parametrize(
    "script",
    ["", "  ", "undefined", "{{ site.data }}", "[" * 100_000],
    ids=["none", "blank", "word", "template", "deep"],
)
def test_what_cannot_be_read_is_left_out(script: str) -> None:
    assert not any(read_script(script)[0])


def test_references_are_resolved_wherever_they_stand() -> None:
    graph = {
        "@graph": [
            {
                "@type": "Article",
                "headline": "A walk",
                "url": "https://e.example/a",
                "author": [{"@id": "#ann"}, {"@id": "#bob"}],
            },
            {"@type": "Person", "@id": "#ann", "name": "Ann Poe", "jobTitle": "Editor"},
            {"@type": "Person", "@id": "#bob", "name": "Bob Roe"},
        ]
    }
    nodes, notes = nodes_of([json.dumps(graph)])
    (article,) = articles_of(nodes, _same)
    assert [(one.name, one.role) for one in article.authors] == [("Ann Poe", "Editor"), ("Bob Roe", "")]
    assert notes == ()


def test_references_in_a_circle_end() -> None:
    text = '[{"@type": "Article", "@id": "#a", "headline": "Round", "author": {"@id": "#b"}}, {"@id": "#b", "name": "Ann", "worksFor": {"@id": "#a"}}]'
    nodes, _notes = nodes_of([text])
    assert [one.title for one in articles_of(nodes, _same)] == ["Round"]


def test_authors_in_all_their_forms() -> None:
    forms = [
        "Ann Poe",
        {"name": "Bob Roe", "url": "https://e.example/bob"},
        {"givenName": "Cara", "familyName": "Lind"},
        "https://e.example/dan",
        {},
        None,
    ]
    facts = facts_of({"headline": "T", "author": forms}, _same)
    assert [(one.name, one.uri) for one in facts.authors] == [
        ("Ann Poe", ""),
        ("Bob Roe", "https://e.example/bob"),
        ("Cara Lind", ""),
        ("", "https://e.example/dan"),
    ]


def test_values_of_wrong_kinds_say_nothing() -> None:
    facts = facts_of(
        {
            "headline": {"x": 1},
            "datePublished": [],
            "image": 7,
            "author": 3,
            "keywords": {"a": []},
            "articleBody": 5,
            "position": "x",
        },
        _same,
    )
    assert (facts.title, facts.published, facts.images, facts.authors, facts.categories) == ("", "", (), (), ())


def test_the_longest_list_and_breadcrumb_count() -> None:
    script = json.dumps(
        [
            {
                "@type": "ItemList",
                "itemListElement": [
                    {"@type": "ListItem", "url": f"https://e.example/{n}", "name": f"Story {n}"} for n in range(3)
                ],
            },
            {
                "@type": "ItemList",
                "itemListElement": [{"@type": "ListItem", "url": "https://e.example/x", "name": "X"}],
            },
            {
                "@type": "BreadcrumbList",
                "itemListElement": [{"position": 2, "name": "B"}, {"position": 1, "name": "A"}],
            },
        ]
    )
    nodes, _notes = nodes_of([script])
    found = list_of(nodes, _same)
    assert found is not None
    assert [one.title for one in found.articles] == ["Story 0", "Story 1", "Story 2"]
    assert [name for name, _address in breadcrumb_of(nodes, _same)] == ["A", "B"]
