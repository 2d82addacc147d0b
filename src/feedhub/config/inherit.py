"""What a source does not say, it takes from ``defaults`` and ``polling``. Pure."""

from __future__ import annotations

from typing import Any

from feedhub.settings import Interval, Settings, Site, Source, SourceDefaults


def inherited(settings: Settings) -> Settings:
    """The settings with every source complete.

    A key that a source gives wins; categories are added up; headers are joined name by name; the bounds of the
    interval are taken one by one. A source without an interval has that of ``polling`` (:func:`interval_of`): thousands
    that say nothing of their own stay as they were read.
    """
    polling = settings.polling.model_copy(update={"interval": _joined(settings.polling.interval, Interval())})
    common = _joined(settings.defaults.interval, polling.interval) if settings.defaults.interval else None
    sources = tuple(_complete(source, settings.defaults, common, polling.interval) for source in settings.sources)
    return settings.model_copy(update={"sources": sources, "polling": polling, "site": _site(settings.site)})


def _site(site: Site) -> Site:
    """The site without a slash at the end of its address.

    It is copied only if there is one: a copy counts what it changes as said by the file, and whether the file says
    ``base_url`` decides which address a start prints.
    """
    address = site.base_url.rstrip("/")
    return site if address == site.base_url else site.model_copy(update={"base_url": address})


def interval_of(source: Source, settings: Settings) -> Interval:
    """The bounds that hold for a source of complete settings."""
    return source.interval or settings.polling.interval


def _complete(source: Source, defaults: SourceDefaults, common: Interval | None, usual: Interval) -> Source:
    update: dict[str, Any] = {
        name: getattr(defaults, name)
        for name in SourceDefaults.model_fields
        if name not in source.model_fields_set and name in defaults.model_fields_set
    }
    categories = tuple(dict.fromkeys((*defaults.categories, *source.categories)))
    if categories != source.categories:
        update["categories"] = categories
    if defaults.headers:
        update["headers"] = _headers(defaults, source)
    interval = _joined(source.interval, common or usual) if source.interval else common
    if interval != source.interval:
        update["interval"] = interval
    return source.model_copy(update=update) if update else source


def _headers(defaults: SourceDefaults, source: Source) -> dict[str, Any]:
    own = {name.lower() for name in source.headers}
    return {name: value for name, value in defaults.headers.items() if name.lower() not in own} | source.headers


def _joined(interval: Interval | None, base: Interval) -> Interval:
    """The interval with what it does not say taken from ``base``; a bound that is said moves the other one along."""
    if interval is None:
        return base
    said = interval.model_fields_set
    least = interval.min if "min" in said else base.min
    most = interval.max if "max" in said else base.max
    if "min" not in said:
        least = min(least, most)
    if "max" not in said:
        most = max(least, most)
    return Interval(min=least, max=most)
