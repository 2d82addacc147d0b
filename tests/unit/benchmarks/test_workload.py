"""The work that benchmarks measure: the same from one seed, readable, with stories of which the truth is known."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Mapping

import pytest

from feedhub.model import ParseFailed
from feedhub.parse import read_document
from feedhub.settings import Limits
from publishers import listening
from workload import LISTED, RETOLD, TELLERS, Form, Workload, form_of

SOURCES = 40


@pytest.fixture(scope="module")
def work() -> Workload:
    return Workload(SOURCES)


def test_one_seed_makes_the_same_bytes_and_another_one_others(work: Workload) -> None:
    again, other = Workload(SOURCES), Workload(SOURCES, seed=2)
    assert [work.document(source) for source in range(0, SOURCES, 7)] == [
        again.document(source) for source in range(0, SOURCES, 7)
    ]
    assert work.document(0) != other.document(0)
    assert list(work.truth()) == list(again.truth())


def test_every_form_and_language_is_read_with_all_of_its_entries(work: Workload) -> None:
    truth = dict(work.truth())
    seen = set()
    for source in range(20):
        read = read_document(work.document(source), content_type=form_of(source), charset="utf-8", limits=Limits())
        assert not isinstance(read, ParseFailed)
        assert len({entry.id for entry in read.entries}) == LISTED
        assert all(entry.id in truth and entry.title and entry.published and entry.authors for entry in read.entries)
        seen.add((form_of(source), work.language(source)))
    assert seen == {(form, language) for form in Form for language in ("en", "vi")}


def test_documents_are_of_the_size_of_real_ones(work: Workload) -> None:
    sizes = [len(work.document(source)) for source in range(10)]
    assert 36_000 < sum(sizes) / len(sizes) < 46_000


def test_a_fifth_retells_what_another_source_of_the_language_told_first(work: Workload) -> None:
    tellers: dict[int, list[int]] = defaultdict(list)
    for entry, story in work.truth():
        tellers[story].append(int(entry.removeprefix("https://site").partition(".")[0]))
    retold = sum(len(sources) - 1 for sources in tellers.values())
    assert abs(retold / work.entries() - RETOLD) < 0.03
    for sources in tellers.values():
        assert len(sources) == len(set(sources)) <= TELLERS
        assert len({work.language(source) for source in sources}) == 1


def test_a_retold_story_is_edited_a_little(work: Workload) -> None:
    told = defaultdict(list)
    for source in range(SOURCES):
        for placed in work.placed(source):
            told[placed.story].append(placed)
    pairs = [(one, other) for one, *others in told.values() for other in others if one.teller == 0]
    shares = []
    for one, other in pairs[:50]:
        words, edited = (" ".join(work.text(placed).paragraphs).split() for placed in (one, other))
        shares.append(sum(a == b for a, b in zip(words, edited, strict=False)) / len(words))
        assert one.link != other.link
    assert min(shares) > 0.9
    assert sum(shares) < len(shares)


def test_a_tick_adds_entries_to_others_each_time() -> None:
    work = Workload(20)
    before = {source: work.document(source) for source in range(20)}
    changed = work.tick(0.1)
    assert len(changed) == 2
    assert {source for source in before if work.document(source) != before[source]} == set(changed)
    assert [work.version(source) for source in changed] == [1] * len(changed)
    assert work.entries() == 20 * LISTED + 2
    assert not set(work.tick(0.1)) & set(changed)


async def test_publishers_answer_with_validators_and_tick() -> None:
    server = await listening(Workload(10), "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    async with server:
        status, headers, body = await _ask(port, "/0")
        assert (status, body, headers["Content-Type"]) == (
            200,
            Workload(10).document(0),
            f"{form_of(0)}; charset=utf-8",
        )
        for name, value in (("If-None-Match", headers["ETag"]), ("If-Modified-Since", headers["Last-Modified"])):
            status, again, body = await _ask(port, "/0", {name: value})
            assert (status, again["ETag"], body) == (304, headers["ETag"], b"")
        assert (await _ask(port, "/tick?share=0.1"))[2] == b'{"changed": 1}'
        status, later, _ = await _ask(port, "/0", {"If-None-Match": headers["ETag"]})
        assert (status, later["ETag"] != headers["ETag"]) == (200, True)
        assert (await _ask(port, "/10"))[0] == 404


async def _ask(port: int, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, Mapping[str, str], bytes]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=dict(headers or {}))

    def asked() -> tuple[int, Mapping[str, str], bytes]:
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, dict(reply.headers), reply.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()

    return await asyncio.to_thread(asked)
