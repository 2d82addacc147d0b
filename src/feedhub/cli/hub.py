"""``hub list``: who subscribed at our own hub."""

from __future__ import annotations

from urllib.parse import urlsplit

import typer

from feedhub import instance
from feedhub.cli.common import DEFAULT_FILE, AsJson, ConfigFile, reading_if_any
from feedhub.cli.control import effective
from feedhub.cli.terminal import note, say, show_json, show_table
from feedhub.ports.hub import HubNote, Owed
from feedhub.websub import subscription_words

app = typer.Typer()


@app.command("list", epilog="Example: feedhub hub list --json | jq '.[] | select(.failures > 0)'")
def list_subscriptions(as_json: AsJson = False, config: ConfigFile = DEFAULT_FILE) -> None:
    """List the subscriptions at our hub and how their deliveries go.

    Of a callback only the host is shown: its address is what lets a subscriber believe a delivery.
    """
    now = instance.now()
    with reading_if_any(config) as (written, home):
        settings = effective(written, home)
        found = home.store.hub_subscriptions() if home else []
        told = instance.hub_note(settings, home, now) if home else HubNote()
    if as_json:
        show_json([_for_scripts(one, subscription_words(one.subscription, now)) for one in found])
        return
    if found:
        show_table(
            ("topic", "subscriber", "since", "lease until", "explanation"),
            (
                (s.topic, _host(one), s.since, s.lease_until, subscription_words(s, now))
                for one in found
                for s in (one.subscription,)
            ),
        )
    elif not settings.hub.on:
        note("No hub is configured; `hub: own` makes FeedHub the hub of its own feeds.")
    if told.words:
        say(told.words)


def _for_scripts(one: Owed, words: str) -> dict[str, object]:
    subscription = one.subscription
    return {
        "topic": subscription.topic,
        "subscriber": _host(one),
        "signed": bool(subscription.secret),
        "since": subscription.since,
        "lease_until": subscription.lease_until,
        "deliveries": subscription.deliveries,
        "delivered_at": subscription.delivered_at,
        "behind": one.feed is not None and one.feed.version > subscription.version,
        "failures": subscription.failures,
        "failing_since": subscription.failing_since,
        "next_try": subscription.due_at,
        "explanation": words,
    }


def _host(one: Owed) -> str:
    return urlsplit(one.subscription.callback).hostname or one.subscription.host
