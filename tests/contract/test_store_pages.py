"""What is remembered of pages and articles, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from feedhub.list_parts import may_have_changed
from feedhub.model import (
    Insert,
    KeptArticle,
    KeptPage,
    Key,
    PageMemory,
    PagePart,
    RawCategory,
    RawEnclosure,
    RawEntry,
    RawLink,
    RawPerson,
    RawSource,
    RawText,
    SourceState,
    TextType,
    Validators,
)
from feedhub.store import SqlStore
from feedhub.store.zstandard_pages import MOST_KEPT
from support.stories import HOUR, NOW, draft, poll, spec
from support.upkeep import forget

ENTRY = RawEntry(
    id="7",
    links=(RawLink(href="/a", base="https://e.example/"),),
    title=RawText(value="Giá vàng \ud800 tăng", type=TextType.PLAIN, language="vi"),
    content=(RawText(value="<p>Text</p>"), RawText(value="other", type=TextType.XHTML)),
    published="hôm qua",
    authors=(RawPerson(name="Ada Quill", role="Reporter"), RawPerson(name="Ben Moss")),
    categories=(RawCategory(term="gold"),),
    enclosures=(RawEnclosure(url="/a.mp3", length="7"),),
    images=("/a.jpg", "/b.jpg"),
    publisher="The Other Paper",
    source=RawSource(id="s", authors=(RawPerson(name="C"),)),
)


def one(store: SqlStore, slug: str = "a") -> SourceState:
    store.sync([spec(slug)], [], NOW)
    return store.states([slug])[0]


def test_what_an_article_said_comes_back_as_it_was(store: SqlStore) -> None:
    state = one(store)
    article = KeptArticle(link="https://e.example/a", at=NOW, tries=2, entry=ENTRY)
    failed = KeptArticle(link="https://e.example/b", at=NOW, remark="timeout")
    store.keep_article(state.id, article)
    store.keep_article(state.id, failed)
    links = ["https://e.example/a", "https://e.example/b", "https://e.example/c"]
    assert store.articles(state.id, links) == {article.link: article, failed.link: failed}
    assert (article.is_settled, failed.is_settled) == (True, False)
    store.keep_article(state.id, replace(failed, tries=3, at=NOW + HOUR))
    assert store.articles(state.id, links)[failed.link].is_settled


def test_the_oldest_articles_are_forgotten_by_source(store: SqlStore) -> None:
    store.sync([spec("a"), spec("b")], [], NOW)
    first, second = (state.id for state in store.states())
    links = [f"https://e.example/{n}" for n in range(5)]
    for number, link in enumerate(links):
        store.keep_article(first, KeptArticle(link=link, at=NOW + timedelta(minutes=number), entry=ENTRY))
    store.keep_article(second, KeptArticle(link=links[0], at=NOW, entry=ENTRY))
    assert store.trim_articles(kept=2) == 3
    assert set(store.articles(first, links)) == set(links[3:])
    assert set(store.articles(second, links)) == set(links[:1])


def test_the_last_page_is_kept_and_one_that_is_too_large_is_not(store: SqlStore) -> None:
    state = one(store)
    assert store.kept_page(state.id) is None
    page = KeptPage(
        url="https://e.example/", body=b"<p>one</p>" * 1000, content_type="text/html", charset="utf-8", at=NOW
    )
    for kept in (page, replace(page, body=b"<p>two</p>", charset=None)):
        with store.transaction() as transaction:
            transaction.apply([replace(poll(state), kept=kept)])
        assert store.kept_page(state.id) == kept
    with store.transaction() as transaction:
        transaction.apply([poll(state)])
    assert store.kept_page(state.id) is not None, "a poll without a page leaves the one before"
    with store.transaction() as transaction:
        transaction.apply([replace(poll(state), kept=replace(page, body=b"x" * (MOST_KEPT + 1)))])
    assert store.kept_page(state.id) is None


def test_how_a_page_is_read_is_part_of_the_state_until_its_address_changes(store: SqlStore) -> None:
    state = one(store)
    memory = PageMemory(kind="feed", via="the page names it", feed="https://e.example/feed")
    with store.transaction() as transaction:
        transaction.apply([poll(replace(state, page=memory, url=memory.feed))])
    assert (store.states()[0].page, store.states()[0].url) == (memory, memory.feed)
    store.sync([replace(spec("a"), url="https://other.example/")], [], NOW)
    assert (store.states()[0].page, store.states()[0].url) == (None, "https://other.example/")


def test_the_parts_of_a_list_are_to_be_read_again_once_validators_are_forgotten(store: SqlStore) -> None:
    """Also those that did not change: under other rules they say something else."""
    state = one(store)
    part = PagePart(url="https://e.example/part.xml", lastmod="2026-11-20", validators=Validators(etag='"1"'))
    memory = PageMemory(kind="sitemap", parts=(part,), until="2026-11-20")
    with store.transaction() as transaction:
        transaction.apply([poll(replace(state, page=memory))])
    store.forget_validators(["a"])
    (known,) = store.states()
    assert known.page == replace(memory, parts=(PagePart(url=part.url),))
    (asked,) = may_have_changed([replace(part, validators=Validators())], known.page, NOW + timedelta(days=9))
    assert asked == replace(part, validators=Validators())


def test_keys_of_entries_are_known_also_of_removed_ones(store: SqlStore) -> None:
    state = one(store)
    story, other = draft("a", "1", at=NOW), draft("a", "2", at=NOW)
    with store.transaction() as transaction:
        transaction.apply([poll(state, (story, Insert()))])
    keys = {*story.keys.own, *other.keys.own}
    assert store.known_keys(keys) == frozenset(story.keys.own)
    assert store.withdraw(store.entries(1)[0].id, NOW)
    assert store.known_keys(keys) == frozenset(story.keys.own)
    assert store.known_keys([Key(b"0" * 16)]) == frozenset()


def test_a_forgotten_source_takes_its_pages_along(store: SqlStore) -> None:
    state = one(store)
    store.keep_article(state.id, KeptArticle(link="https://e.example/a", at=NOW, entry=ENTRY))
    with store.transaction() as transaction:
        transaction.apply([replace(poll(state), kept=KeptPage(url="https://e.example/", body=b"x", at=NOW))])
    store.sync([], [], NOW)
    assert forget(store, "a", NOW) == 0
    assert store.states(["a"]) == []
    assert store.kept_page(state.id) is None
