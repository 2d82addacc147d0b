"""Whether what a source says of its page can work: selectors, expressions and patterns compile, and belong together. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches

from feedhub.config.nodes import Node
from feedhub.css_selectors import BadSelector, check_selector, css_pick
from feedhub.errors import ConfigProblem
from feedhub.json_paths import BadPath, json_path
from feedhub.patterns import BadPattern, compile_pattern
from feedhub.settings import Pick, RowField, RowFields, Source, SourceType

_CSS = "a CSS selector such as `h3 a`, `a@href`, `.tags a[]`"
_PATH = "a JMESPath expression such as data.items, authors[].name"
_TEXT_WORDS = ("auto", "none")
_FOR_ROWS = (SourceType.PAGE, SourceType.JSON)
_ALWAYS_LISTED = frozenset({RowField.TITLE, RowField.LINK})


def page_problems(source: Source, node: Node) -> Iterator[ConfigProblem]:
    """Everything that cannot work in one source."""
    yield from _belonging(source, node)
    if source.type is SourceType.JSON:
        yield from _refused(json_path, source.items, node.nearest(("items",)), _PATH)
        yield from _refused(check_selector, source.script, node.nearest(("script",)), _CSS)
        yield from _fields(source.fields, node, json_path, _PATH)
    elif source.type is SourceType.PAGE:
        yield from _refused(check_selector, source.items, node.nearest(("items",)), _CSS)
        yield from _fields(source.fields, node, css_pick, _CSS)
    yield from _article(source, node)
    yield from _expect(source, node)


def _belonging(source: Source, node: Node) -> Iterator[ConfigProblem]:
    """Keys that would do nothing under this type."""
    for key in ("items", "fields"):
        if getattr(source, key) and source.type not in _FOR_ROWS:
            yield node.nearest((key,)).problem(
                f"`{key}` says nothing under `type: {source.type}`", at_key=True, allowed="type: page or type: json"
            )
    if source.script and source.type is not SourceType.JSON:
        yield node.nearest(("script",)).problem(
            f"`script` says nothing under `type: {source.type}`", at_key=True, allowed="type: json"
        )
    if source.type is SourceType.PAGE and source.fields and not source.items:
        yield node.nearest(("fields",)).problem(
            "fields stand in rows, so `items` must say which elements are the rows", at_key=True, allowed=_CSS
        )
    if source.expect and source.type is SourceType.FEED:
        yield node.nearest(("expect",)).problem(
            "`expect` says nothing of a feed", at_key=True, allowed="type: auto, page, json or sitemap"
        )


def _refused(compiler: Callable[[str], object], text: str, node: Node, allowed: str) -> Iterator[ConfigProblem]:
    if not text:
        return
    try:
        compiler(text)
    except (BadSelector, BadPath) as error:
        yield node.problem(f"{_short(text)} {error}", allowed=allowed)


def _fields(
    fields: RowFields | None, node: Node, compiler: Callable[[str], object], allowed: str
) -> Iterator[ConfigProblem]:
    for name in RowField:
        for index, pick in enumerate(getattr(fields, name) if fields else ()):
            yield from _pick(pick, node.nearest(("fields", name.value, index)), compiler, allowed)


def _pick(pick: Pick, node: Node, compiler: Callable[[str], object], allowed: str) -> Iterator[ConfigProblem]:
    if not pick.get.strip():
        yield node.nearest(("get",)).problem("`get` says where the value stands; it is empty", allowed=allowed)
    yield from _refused(compiler, pick.get, node.nearest(("get",)), allowed)
    try:
        compile_pattern(pick.regex)
    except BadPattern as error:
        yield node.nearest(("regex",)).problem(f"the pattern does not compile: {error}")
    except (RecursionError, OverflowError, MemoryError):
        yield node.nearest(("regex",)).problem("the pattern is too large")
    if pick.template and "{}" not in pick.template:
        yield node.nearest(("template",)).problem(
            f"{_short(pick.template)} has no place for the value", allowed="a text with {} in it"
        )


def _article(source: Source, node: Node) -> Iterator[ConfigProblem]:
    if source.article is None:
        return
    at = node.nearest(("article",))
    text = source.article.content
    if text not in _TEXT_WORDS:
        near = get_close_matches(text.lower(), _TEXT_WORDS, n=1, cutoff=0.7)
        for problem in _refused(check_selector, text, at.nearest(("content",)), "auto, none or a CSS selector"):
            yield at.nearest(("content",)).problem(
                problem.message, allowed=problem.allowed, suggestion=near[0] if near else ""
            )
    for index, selector in enumerate(source.article.remove):
        yield from _refused(check_selector, selector, at.nearest(("remove", index)), "a CSS selector such as .related")


def _expect(source: Source, node: Node) -> Iterator[ConfigProblem]:
    """A field that nothing is said of may be found automatically; of a sitemap there is only so much."""
    if source.expect is None or source.type is not SourceType.SITEMAP:
        return
    told = _ALWAYS_LISTED | {RowField.DATE, RowField.UPDATED, RowField.IMAGE, RowField.CATEGORIES}
    for index, name in enumerate(source.expect.fields):
        if name not in told:
            yield node.nearest(("expect", "fields", index)).problem(
                f"a sitemap has no {name}", allowed=", ".join(sorted(told))
            )


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "…")
