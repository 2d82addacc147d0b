"""Secrets by reference: ``${NAME}`` from the environment and ``{file: path}``. Reads those files, nothing else.

References are looked up only where a secret is expected, so that a ``$`` elsewhere is just a ``$``. ``$${`` writes
``${`` itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from feedhub.config.nodes import Node, Route, put
from feedhub.errors import ConfigProblem

MAX_SECRET = 65_536
"""Bytes of a file that holds a secret."""

_REFERENCE = re.compile(r"\$\$\{|\$\{([^}]*)\}")
_OPEN = re.compile(r"(?<!\$)\$\{[^}]*$")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(slots=True, kw_only=True)
class Secrets:
    """What came of looking up every reference in a tree."""

    tree: Node
    problems: list[ConfigProblem] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    """Paths of secrets that are written in the file itself."""


def resolve(tree: Node, folder: Path, environ: Mapping[str, str]) -> Secrets:
    """Put every referenced secret in its place. ``tree`` must have its short forms written out.

    File paths are relative to ``folder``; one line end at a file's end is no part of the secret.
    """
    found = Secrets(tree=tree)
    for route in list(_places(tree)):
        node = tree.get(*route)
        if node is None or (node.is_map and set(node.map) != {"file"}) or node.is_list:
            continue
        value = _from_file(node, folder, found) if node.is_map else _from_environment(node, environ, found)
        found.tree = put(found.tree, route, node.holding(value))
    _refuse_elsewhere(tree, found)
    return found


def _places(tree: Node) -> Iterator[Route]:
    """Routes of all values that may be secrets."""
    yield ("database", "url")
    yield ("server", "operator_token")
    yield from _headers(tree, ("defaults", "headers"))
    sources = tree.get("sources")
    for index, _ in enumerate(sources.items if sources else ()):
        yield from _headers(tree, ("sources", index, "headers"))
        yield from (("sources", index, "auth", key) for key in ("username", "password", "bearer"))
    private = tree.get("feeds", "private")
    for path, tokens in (private.map if private else {}).items():
        yield from (("feeds", "private", path, index) for index, _ in enumerate(tokens.items))


def _headers(tree: Node, route: Route) -> Iterator[Route]:
    headers = tree.get(*route)
    yield from ((*route, name) for name in (headers.map if headers else {}))


def _from_environment(node: Node, environ: Mapping[str, str], found: Secrets) -> str:
    text = node.text
    if _OPEN.search(text):
        found.problems.append(node.problem("a `${` that is never closed", allowed="${NAME}"))
        return ""
    names = [match[1] for match in _REFERENCE.finditer(text) if match[1] is not None]
    if not names and _is_secret(node, text):
        found.plain.append(node.path)
    missing = [problem for problem in (_missing(node, name, environ) for name in names) if problem]
    found.problems.extend(missing)
    if missing:
        return ""
    value = _REFERENCE.sub(lambda match: "${" if match[1] is None else environ[match[1]], text)
    return _checked(node, value, found)


def _missing(node: Node, name: str, environ: Mapping[str, str]) -> ConfigProblem | None:
    if not _NAME.fullmatch(name):
        return node.problem("not a reference", allowed="${NAME}, a name of letters, digits and _")
    if name not in environ:
        return node.problem(f"the environment has no {name}; set it before FeedHub starts, or use {{file: path}}")
    return None


def _is_secret(node: Node, text: str) -> bool:
    """Whether a value written out in the file gives something away."""
    if node.path == "database.url":
        return re.search(r"://[^/@]*:[^/@]+@", text) is not None
    secret_headers = ("authorization", "token", "key", "secret", "cookie")
    is_header = ".headers." in node.path
    return (
        bool(text)
        and not node.path.endswith(".username")
        and (not is_header or any(word in node.path.lower() for word in secret_headers))
    )


def _from_file(node: Node, folder: Path, found: Secrets) -> str:
    name = node.map["file"].text
    try:
        with (folder / name).open("rb") as stream:
            data = stream.read(MAX_SECRET + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a path"
        found.problems.append(node.problem(f"the file {name!r} cannot be read: {reason}"))
        return ""
    if len(data) > MAX_SECRET:
        found.problems.append(node.problem(f"the file {name!r} is larger than {MAX_SECRET} bytes: not a secret"))
        return ""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        found.problems.append(node.problem(f"the file {name!r} is not UTF-8 text"))
        return ""
    return _checked(node, text.removesuffix("\n").removesuffix("\r"), found)


def _checked(node: Node, value: str, found: Secrets) -> str:
    """A secret goes into a header or an address: a line end inside would forge one."""
    if not value.strip() and node.text != value:
        found.problems.append(node.problem("the secret it names is empty"))
    if _CONTROL.search(value):
        found.problems.append(node.problem("the secret holds a line end or a control character"))
        return ""
    return value


def _refuse_elsewhere(tree: Node, found: Secrets) -> None:
    """An address is shown on pages and in logs: a secret in it would not stay one."""
    sources = tree.get("sources")
    for source in sources.items if sources else ():
        url = source.map.get("url")
        if url and _REFERENCE.search(url.text):
            found.problems.append(
                url.problem("${…} is not read in an address, because addresses are shown; use headers or auth")
            )
