"""The one tree of errors.

Branches answer *who else must stop*. Expected outcomes (a 304, a 404, a document that is no feed) are values of
:mod:`feedhub.model`, never exceptions.

::

    FeedHubError                      something the operator is told in one sentence, with what to do
    ├── ConfigError                   the configuration file cannot be used; a running service keeps the old one
    ├── DatabaseError                 the database cannot be used; the process stops
    │   ├── DatabaseNewer             its schema is newer than this program
    │   ├── DatabaseOutdated          its schema is older and may not be upgraded here
    │   ├── DatabaseBroken            damaged, not a database, no permission
    │   ├── DatabaseBusy              locked by something else for too long; try again
    │   └── DiskFull                  no room for the write; nothing was changed
    ├── AlreadyRunning                another FeedHub holds this database
    ├── NotRunning                    a command needs the daemon and there is none
    ├── AddressInUse                  the listening address cannot be bound
    ├── OutputError                   a folder or file to write to cannot be used
    ├── Unpublishable                 a document breaks a rule of its format and there is no earlier one to show
    └── NotFound                      what the operator named does not exist
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class FeedHubError(Exception):
    """A condition the operator can act on.

    :param what: one sentence: what happened, and where.
    :param advice: one sentence: what to do about it; empty when the first sentence says it.
    """

    exit_code = 1

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.what} {self.advice}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigProblem:
    """One thing wrong in a configuration file.

    ``line`` and ``column`` count from 1; 0 means that no place is known (an empty file, a missing key).
    ``path`` is the key's path as one would say it: ``sources[3].interval.min``.
    """

    path: str
    message: str
    line: int = 0
    column: int = 0
    allowed: str = ""
    suggestion: str = ""

    def render(self, file: str) -> str:
        where = f"{file}:{self.line}:{self.column}" if self.line else file
        text = f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"
        if self.allowed or self.suggestion:
            text += "."
        if self.allowed:
            text += f" Allowed: {self.allowed}."
        if self.suggestion:
            text += f" Did you mean {self.suggestion!r}?"
        return text


class ConfigError(FeedHubError):
    """The configuration cannot be used. Carries *all* problems that were found, in the order of the file."""

    exit_code = 2

    def __init__(self, file: str, problems: Sequence[ConfigProblem]) -> None:
        self.file = file
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.render(file) for problem in self.problems))


class DatabaseError(FeedHubError):
    """The database cannot be used; nothing was changed by the attempt."""

    exit_code = 3


class DatabaseNewer(DatabaseError):
    """The schema comes from a newer FeedHub. Downgrades are refused, not guessed."""


class DatabaseOutdated(DatabaseError):
    """The schema comes from an older FeedHub and this command may not upgrade it."""


class DatabaseBroken(DatabaseError):
    """The file or server does not answer as a database should."""


class DatabaseBusy(DatabaseError):
    """Another program kept the database locked for longer than the wait allowed."""


class DiskFull(DatabaseError):
    """There is no room for a write. The transaction was rolled back."""


class AlreadyRunning(FeedHubError):
    """Another FeedHub process holds this database."""

    exit_code = 4


class NotRunning(FeedHubError):
    """The command needs a running daemon."""

    exit_code = 4


class AddressInUse(FeedHubError):
    """The address to listen on is taken or not ours."""

    exit_code = 5


class OutputError(FeedHubError):
    """A folder or file that FeedHub should write cannot be written."""

    exit_code = 6


class Unpublishable(FeedHubError):
    """A document breaks a rule of its format, and there is no earlier one to show instead. A fault of ours."""

    def __init__(self, what: str) -> None:
        super().__init__(what, "Please report it; the other feeds go on.")


class NotFound(FeedHubError):
    """The operator named a source, feed or entry that does not exist."""

    exit_code = 7
