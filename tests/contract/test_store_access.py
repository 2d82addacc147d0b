"""Keys to private feeds, on both databases."""

from __future__ import annotations

from feedhub.model import AccessToken, token_digest
from feedhub.store import SqlStore, open_store
from support.stories import HOUR, NOW


def test_tokens_come_and_go(store: SqlStore) -> None:
    ana = AccessToken(name="ana", digest=token_digest("a"), feeds=("topics/ai", "authors/trần"), since=NOW)
    binh = AccessToken(name="bình", digest=token_digest("b"), since=NOW + HOUR)
    assert store.add_access_token(binh)
    assert store.add_access_token(ana)
    assert store.access_tokens() == [ana, binh]
    assert store.access_token(token_digest("a")) == ana
    assert store.access_token(token_digest("c")) is None
    assert store.revoke_access_token("ana")
    assert not store.revoke_access_token("ana")
    assert store.access_token(ana.digest) is None
    assert store.add_access_token(ana)


def test_a_name_is_given_once(store: SqlStore) -> None:
    first = AccessToken(name="ana", digest=token_digest("1"), since=NOW)
    assert store.add_access_token(first)
    assert not store.add_access_token(AccessToken(name="ana", digest=token_digest("2"), since=NOW))
    assert store.access_tokens() == [first]


def test_another_process_sees_it_at_once(store: SqlStore) -> None:
    token = AccessToken(name="ana", digest=token_digest("1"), since=NOW)
    other = open_store(store.url)
    assert store.access_token(token.digest) is None
    assert other.add_access_token(token)
    assert store.access_token(token.digest) == token
    assert other.revoke_access_token("ana")
    assert store.access_token(token.digest) is None
    other.close()
