"""Columns of the tables, and how moments are stored."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, Column, Dialect, ForeignKey, Integer, MetaData, String, TypeDecorator

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def seconds(moment: datetime | int | None) -> int | None:
    """Whole seconds since 1970; what is seconds already stays."""
    return int(moment.timestamp()) if isinstance(moment, datetime) else moment


def moment(seconds: int | None) -> datetime | None:
    """The inverse of :func:`seconds`."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, stored as whole seconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | int | None, dialect: Dialect) -> int | None:  # noqa: ARG002  the library's signature
        return seconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  the library's signature
        return moment(value)


class Due(TypeDecorator[datetime]):
    """Like :class:`Moment`, but None (due at once) is stored as 0: so the oldest due are one range of an index."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int:  # noqa: ARG002  the library's signature
        return 0 if value is None else int(value.timestamp())

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  the library's signature
        return datetime.fromtimestamp(value, UTC) if value else None


ID = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite's own row number must be declared INTEGER; PostgreSQL needs 64 bits said."""


def words(name: str) -> Column[str]:
    """Text that is "" when there is none."""
    return Column(name, String, nullable=False, server_default="")


def id_column(name: str = "id") -> Column[int]:
    return Column(name, ID, primary_key=True, autoincrement=False)


def entry() -> Column[int]:
    return Column("entry_id", ID, ForeignKey("entries.id", ondelete="CASCADE"), nullable=False)


def source() -> Column[int]:
    return Column("source_id", ID, ForeignKey("sources.id"), nullable=False)


def number(name: str, start: int = 0) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=str(start))
