"""A form for a WebSub hub: what is sent, where it may be sent on to, what the answer means. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import quote, urlencode

from feedhub.fetch.conclusion import Reply, failed
from feedhub.fetch.guard import Network
from feedhub.fetch.redirects import Journey, next_hop
from feedhub.fetch.refusal import Refused
from feedhub.fetch.urls import Target
from feedhub.model import Failure, Freshness, HubAccepted, HubForm, HubReply

FORWARDED = frozenset({307, 308})
"""Redirects that keep the method and the form (WebSub, 5.1); others would turn the request into a GET."""
_LOSING = frozenset({301, 302, 303})
LONGEST_EXCUSE = 200


def form_headers(agent: str) -> dict[str, str]:
    """No credentials and no header of a source: the hub is somebody else."""
    return {"User-Agent": agent, "Accept": "*/*", "Content-Type": "application/x-www-form-urlencoded"}


def form_body(form: HubForm) -> bytes:
    return urlencode([*form.fields.items(), *form.repeated]).encode("ascii")


def require_secrecy(form: HubForm, target: Target, allowed: Iterable[Network]) -> None:
    """:raises Refused: the form holds a secret, and others could read it on the way to this target."""
    if not form.confidential or target.scheme == "https":
        return
    if target.address is None or not any(target.address in network for network in allowed):
        raise Refused(Failure.REDIRECT, "The hub would have the secret sent unencrypted; nothing was sent.")


def next_hub(journey: Journey, reply: Reply, most: int) -> Journey:
    """:raises Refused: as for any redirect, or because this one does not keep the request."""
    if reply.status in _LOSING:
        detail = f"The hub redirected with {reply.status}, which would lose the request."
        raise Refused(Failure.REDIRECT, detail, status=reply.status)
    return next_hop(journey, reply.status, reply.headers.first("location"), most)


def hub_reply(form: HubForm, reply: Reply, freshness: Freshness) -> HubReply:
    """202 by the book; hubs that verify before they answer say 204."""
    if 200 <= reply.status < 300:
        return HubAccepted(status=reply.status)
    said = _excuse(form, reply)
    failure = Failure.SERVER if reply.status >= 500 else Failure.HTTP
    failure = Failure.RATE_LIMITED if reply.status == HTTPStatus.TOO_MANY_REQUESTS else failure
    return failed(failure, f"The hub answered {reply.status}{f': {said}' if said else ''}.", reply, freshness)


def _excuse(form: HubForm, reply: Reply) -> str:
    """What the hub says in plain text about why (WebSub, 5.1), on one line. Everybody may read it, so that nothing of
    what we told the hub in confidence is repeated."""
    text = reply.body.decode("utf-8", "replace")
    for told in _in_confidence(form):
        text = text.replace(told, "…").replace(quote(told, safe=""), "…")
    text = text[:LONGEST_EXCUSE]
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split()).rstrip(".")


def _in_confidence(form: HubForm) -> list[str]:
    """The secret, the callback with its token, and the topic, which may hold a key; the longest first."""
    fields = form.fields
    callback = fields.get("hub.callback", "")
    told = {fields.get("hub.secret", ""), fields.get("hub.topic", ""), callback, callback.rpartition("/")[2]}
    return sorted(told - {""}, key=len, reverse=True)
