"""The sample sources and the first configuration belong together: every topic of it shows something at once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from feedhub.config import load
from feedhub.config.checks import SAMPLES
from feedhub.documents import Document, Listed, read_source
from feedhub.model import FeedRef, ParseFailed, SourceId
from feedhub.serve.samples import sample_folder, sample_sources
from feedhub.understand import Job, Rulebook, understand

CONFIG = Path(__file__).parents[2] / "config.yaml"
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def _memberships() -> Counter[FeedRef]:
    rules = Rulebook.of(load(CONFIG, {}))
    found: Counter[FeedRef] = Counter()
    for number, sample in enumerate(sample_sources(), start=1):
        body = (sample_folder() / sample.file).read_bytes()
        url = f"http://127.0.0.1:8080/examples/{sample.file}"
        job = Job(
            source=SourceId(number), slug=sample.slug, body=body, url=url, content_type=sample.media_type, now=NOW
        )
        understood = understand(job, rules)
        assert not isinstance(understood, ParseFailed)
        found.update(membership.feed for draft in understood.drafts for membership in draft.memberships)
    return found


def test_the_configuration_knows_the_names_of_the_samples() -> None:
    assert [sample.slug for sample in sample_sources()] == list(SAMPLES)


def test_every_topic_of_the_first_configuration_has_stories_from_the_samples() -> None:
    counts = {feed.slug: count for feed, count in _memberships().items() if feed.kind == "topics"}
    assert set(counts) == {"ai", "open-source", "central-banks", "podcasts"}
    assert min(counts.values()) >= 2


def test_the_spellings_of_a_person_are_joined() -> None:
    spellings = {"Huyền Trần", "Huyen Tran", "Trần Huyền"}
    feeds = {feed.title: feed.slug for feed in _memberships() if feed.kind == "authors"}
    assert {title: slug for title, slug in feeds.items() if title in spellings} == {"Huyền Trần": "huyen-tran"}


def test_the_site_without_a_feed_is_read_by_its_rules_and_without_any() -> None:
    folder = CONFIG.parent / "examples"
    settings = load(folder / "site-without-feed.yaml", {})
    (source,) = settings.sources
    body = (folder / "site-without-feed.html").read_bytes()
    told = read_source(Document(body=body, url=source.url), source, settings.polling.limits)
    found = read_source(
        Document(body=body, url=source.url, never_a_feed=True, feeds_tried=True), None, settings.polling.limits
    )
    assert isinstance(told, Listed)
    assert isinstance(found, Listed)
    assert [entry.id for entry in told.feed.entries] == ["4711", "4708", "4702", "4699"]
    for listed in (told, found):
        people = [[(one.name, one.role) for one in entry.authors] for entry in listed.feed.entries]
        assert people[1:3] == [[("Tomás Rey", "Farm editor")], []]
        assert listed.feed.entries[0].published == "09:30 23/11/2026"
