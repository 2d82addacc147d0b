"""Laws of what a feed shows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feedhub.store.listing import Member, Place, Places, choose, differ

_UNHIDING = frozenset({3})
_MEMBERS = st.dictionaries(
    st.integers(1, 6), st.tuples(st.integers(1, 3), st.integers(0, 5), st.sets(st.integers(1, 3))), max_size=6
)


def _wanted(drawn: dict[int, tuple[int, int, set[int]]]) -> tuple[dict[int, Member], Places]:
    members = {n: Member(id=n, cluster=c, published=p, updated=p) for n, (c, p, _) in drawn.items()}
    places = {
        n: {feed: Place(sort_key=p, source=None, rule="") for feed in feeds} for n, (_, p, feeds) in drawn.items()
    }
    return members, places


@given(_MEMBERS)
def test_each_feed_shows_one_entry_of_a_story(drawn: dict[int, tuple[int, int, set[int]]]) -> None:
    members, wanted = _wanted(drawn)
    settled = choose(members, wanted, {}, _UNHIDING)
    for feed in (1, 2, 3):
        inside = [n for n, places in settled.items() if feed in places]
        shown = [members[n].cluster for n in inside if not settled[n][feed].hidden]
        if feed in _UNHIDING:
            assert len(shown) == len(inside)
        else:
            assert sorted(shown) == sorted({members[n].cluster for n in inside})


@given(_MEMBERS)
def test_choosing_again_changes_nothing(drawn: dict[int, tuple[int, int, set[int]]]) -> None:
    members, wanted = _wanted(drawn)
    settled = choose(members, wanted, {}, _UNHIDING)
    assert choose(members, settled, settled, _UNHIDING) == settled
    assert not differ(members, settled, settled).touched


@given(_MEMBERS, _MEMBERS)
def test_a_difference_leads_from_one_to_the_other(
    first: dict[int, tuple[int, int, set[int]]], second: dict[int, tuple[int, int, set[int]]]
) -> None:
    (earlier, before), (later, after) = _wanted(first), _wanted(second)
    change = differ({**earlier, **later}, before, after)
    places = {(n, feed): place for n, feeds in before.items() for feed, place in feeds.items()}
    for gone in change.remove:
        del places[gone]
    for number, feed, place in change.add:
        assert (number, feed) not in places
        places[number, feed] = place
    assert places == {(n, feed): place for n, feeds in after.items() for feed, place in feeds.items()}
