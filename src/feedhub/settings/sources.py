"""The sources and the people."""

from __future__ import annotations

import base64
from typing import Literal

from pydantic import Field, SecretStr

from feedhub.model import ContentPolicy
from feedhub.settings.pages import ArticlePages, ArticlePart, Expect, RowFields, SourceType
from feedhub.settings.polling import Interval
from feedhub.settings.rules import Rule
from feedhub.settings.values import HttpUrl, Language, Section, Slug, Words, ZoneName


class Auth(Section):
    """Credentials for one source, sent to its own origin only. Write them as `${NAME}` or `{file: path}`."""

    username: str = ""
    """Name for HTTP Basic."""
    password: SecretStr = SecretStr("")
    """Password for HTTP Basic."""
    bearer: SecretStr = SecretStr("")
    """Token for `Authorization: Bearer`."""

    def header(self) -> str:
        """The value of the Authorization header (RFC 7617, RFC 6750)."""
        if token := self.bearer.get_secret_value():
            return f"Bearer {token}"
        pair = f"{self.username}:{self.password.get_secret_value()}"
        return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


class SourceDefaults(Section):
    """What holds for every source that does not say otherwise."""

    language: Language | Literal[""] = ""
    """Language of entries that do not say one."""
    timezone: ZoneName = "UTC"
    """Zone of dates that do not say one."""
    categories: Words = ()
    """Categories added to every entry."""
    interval: Interval | None = None
    """Bounds of the polling interval."""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """Extra request headers; values may be `${NAME}`."""
    content: ContentPolicy = ContentPolicy.FULL
    """How much is republished: full, summary or link."""
    republish: bool = True
    """Whether its entries are republished at all. When not, they are stored and you can search them (`feedhub search`), but no feed, page or search shows them to anybody."""
    rights: str = ""
    """Rights or licence of entries that state none."""
    cluster: bool = True
    """Whether its entries join the stories of other sources; when not, feeds show them beside their copies."""
    priority: int = 0
    """Of a story, the entry of the source with the highest number is shown, where `stories.show` is `priority`."""
    enabled: bool = True
    """Whether to poll at all; entries stay when switched off."""
    websub: bool = True
    """Whether to have the hub that the feed names push its news."""


WAY_OF_READING = ("type", "items", "script", "fields", "article", "full_text", "expect")
"""The keys of a source that say how its document is read: under others one that did not change says something else."""


class Source(SourceDefaults):
    """One feed or page to poll. A plain URL is a source too."""

    url: HttpUrl
    """Address of the feed, page, JSON document or sitemap."""
    slug: Slug
    """Name in addresses and commands; made from `name` or the host when left out."""
    name: str = ""
    """Name shown to people; the feed's own title when empty."""
    formerly: Words = ()
    """Earlier slugs of this source; its entries stay with it and the old addresses redirect here."""
    auth: Auth | None = None
    """Credentials."""
    type: SourceType = SourceType.AUTO
    """What is at the address: `auto` finds out once, and takes the feed that a page names before the page itself."""
    items: str = ""
    """The rows: of a page a CSS selector (`div.card`), of JSON a JMESPath expression (`data.items`). Found automatically when left out."""
    script: str = ""
    """Of `type: json` at a page: CSS selector of the script element that holds the JSON (`script#__NEXT_DATA__`)."""
    fields: RowFields | None = None
    """What each row says, as far as it is not found right automatically."""
    article: ArticlePages | None = None
    """Whether the pages of new entries are read for what the list does not say."""
    full_text: bool = False
    """Read the pages of new entries for their full text, also of a feed that gives only summaries."""
    expect: Expect | None = None
    """What the page must show to be believed."""
    keep: tuple[Rule, ...] = ()
    """Only entries that match one of these rules are stored."""
    drop: tuple[Rule, ...] = ()
    """Entries that match one of these rules are not stored."""

    @property
    def articles(self) -> ArticlePages | None:
        """How article pages are read, with what ``full_text`` asks for; None when they are not."""
        if self.article is None:
            return ArticlePages(when=(ArticlePart.CONTENT,)) if self.full_text else None
        if not self.full_text or ArticlePart.CONTENT in self.article.when:
            return self.article
        return self.article.model_copy(update={"when": (*self.article.when, ArticlePart.CONTENT)})

    def request_headers(self) -> dict[str, str]:
        """The headers to send, secrets in the clear: for the fetcher only."""
        headers = {name: value.get_secret_value() for name, value in self.headers.items()}
        if self.auth is not None:
            headers["Authorization"] = self.auth.header()
        return headers


class Person(Section):
    """One author with all spellings."""

    name: str = ""
    """Name to show; the key itself when empty."""
    aliases: Words = ()
    """Other spellings that mean the same person."""
    uri: str = ""
    """The person's own page."""
    hide: bool = False
    """No feed and no page; entries keep the credit."""


class Authors(Section):
    people: dict[Slug, Person] = Field(default_factory=dict)
    """Known people: joins spellings, renames, hides. The key is the slug."""
    roles: Words = ()
    """Job titles to recognise in bylines, besides the built-in ones."""
    organisations: Words = ()
    """Organisations to recognise in bylines, besides the built-in ones."""
    placeholders: Words = ()
    """Bylines that name nobody (`Editors`), besides the built-in ones."""
    scope: Literal["global", "source"] = "global"
    """`global`: one feed for a name wherever it appears; `source`: one for each source."""
    organisations_as_authors: bool = False
    """Whether organisations get author feeds too."""
