"""The service itself: what the site is called, where it is kept and listens, and its hubs."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from feedhub.settings.values import Duration, HttpUrl, Language, Section, ZoneName


class Site(Section):
    title: str = "FeedHub"
    """Name of this site, shown on its pages and in its feeds."""
    description: str = ""
    """One sentence under the title."""
    base_url: HttpUrl = "http://127.0.0.1:8080"
    """The public address under which readers reach this server; it is written into every feed."""
    language: Language = "en"
    """Language of the site's own words, and of feeds whose entries do not say one."""
    timezone: ZoneName = "UTC"
    """Zone in which pages show times to people. Feeds are always in UTC."""
    contact: str = ""
    """URL or mail address of whoever runs this; sent in the User-Agent so that publishers can reach you."""
    subscribers: int = Field(1, ge=1)
    """How many people read what this site republishes; sent in the User-Agent, so say what is true."""


class Database(Section):
    url: SecretStr = SecretStr("sqlite:///feedhub.db")
    """`sqlite:///file` (relative to this file) or `postgresql://user:${PASSWORD}@host/name`."""
    busy_timeout: Duration = timedelta(seconds=15)
    """How long to wait for a lock that another program holds."""


class Server(Section):
    host: str = "127.0.0.1"
    """Address to listen on. Put a web server with TLS in front before you open it to the world."""
    port: int = Field(8080, ge=0, le=65535)
    """Port to listen on; 0 takes a free one and prints it."""
    stop_timeout: Duration = timedelta(seconds=10)
    """How long a stop waits for requests and polls in flight before it abandons them (nothing is lost either way)."""
    operator_token: SecretStr = SecretStr("")
    """Opens `/status.atom`, the feed of what happened to your sources, as `?token=…` or as the password of HTTP Basic; write it as `${NAME}`. Empty: only programs on this machine get it, and only while `site.base_url` is this machine."""


def _lease(value: timedelta) -> timedelta:
    if not timedelta(hours=1) <= value <= timedelta(days=90):
        raise ValueError("between 1h and 90d")
    return value


class Subscribe(StrEnum):
    """Whether hubs are asked to push."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class WebSub(Section):
    """Hubs that sources name can push news as it appears (W3C WebSub); such sources are then polled seldom."""

    subscribe: Subscribe = Subscribe.AUTO
    """`auto`: when `site.base_url` is an address that hubs can reach; `always`: also when it does not look so; `never`: poll only, and end what was agreed with hubs."""
    lease: Annotated[Duration, AfterValidator(_lease)] = timedelta(days=10)
    """How long a subscription shall hold, between 1h and 90d; the hub may decide otherwise. It is renewed when 80 % have passed."""
