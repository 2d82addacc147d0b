"""Dates that count from now: "2 hours ago", "hôm qua lúc 09:15", "vor 3 Tagen", "3日前", "только что"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from feedhub.clean.dates.fold import fold
from feedhub.clean.dates.lexicon import ENGLISH, TONGUES, Tongue
from feedhub.clean.dates.local import clock_only
from feedhub.clean.dates.reading import Place, Reading, make_day, reading
from feedhub.clean.words import phrases

_UNITS: dict[str, str] = {
    "s": "s|sec|secs|second|seconds|giây|sekunde|sekunden|sek|seconde|secondes|segundo|segundos|seg|secondo|secondi|"
    "секунду|секунды|секунд|сек|秒|秒钟|秒鐘|초|sekund|sekundę|sekundy|saniye|detik|seconden",
    "m": "min|mins|minute|minutes|phút|minuten|minuto|minutos|minuto|minuti|минуту|минуты|минут|мин|分|分钟|分鐘|분|"
    "minut|minuta|minuty|minutę|dakika|dk|menit|minuut|minuter|minutter",
    "h": "h|hr|hrs|hour|hours|giờ|tiếng|giờ đồng hồ|stunde|stunden|std|heure|heures|hora|horas|ora|ore|час|часа|часов|ч|"
    "時間|小时|小時|个小时|個小時|시간|godzinę|godziny|godzin|godz|saat|jam|uur|timmar|timme|timer|time",
    "d": "d|day|days|ngày|hôm|tag|tage|tagen|jour|jours|j|día|días|dia|dias|giorno|giorni|день|дня|дней|дн|日|天|일|dzień|"
    "dni|gün|hari|dag|dagen|dagar|dage",
    "w": "w|wk|wks|week|weeks|tuần|woche|wochen|semaine|semaines|semana|semanas|settimana|settimane|неделю|недели|недель|нед|"
    "週間|週|周|个星期|個星期|星期|주|주일|tydzień|tygodnie|tygodni|hafta|minggu|weken|vecka|veckor|uge|uger",
    "o": "mo|mos|month|months|tháng|monat|monate|monaten|mois|mes|meses|mês|mese|mesi|месяц|месяца|месяцев|мес|か月|ヶ月|"
    "カ月|ヵ月|ケ月|箇月|个月|個月|개월|달|miesiąc|miesiące|miesięcy|ay|bulan|maand|maanden|månad|månader|måned|måneder",
    "y": "y|yr|yrs|year|years|năm|jahr|jahre|jahren|an|ans|année|années|año|años|ano|anos|anno|anni|год|года|лет|年|년|rok|"
    "lata|lat|yıl|sene|tahun|jaar|år",
}
_UNIT_OF = {fold(name): unit for unit, names in _UNITS.items() for name in names.split("|")}
_NUMBERS: dict[str, float] = {
    fold(name): value
    for value, names in (
        (0.5, "half|half an|nửa|半"),
        (
            1,
            "a|an|one|một|mot|ein|eine|einem|einer|un|une|una|uno|um|uma|один|одну|一|한|jeden|jedną|een|en|bir|satu|se",
        ),
        (2, ("two|hai|zwei|deux|dos|dois|duas|due|два|две|二|两|兩|두|couple of|a couple of|vài ba")),
        (3, ("three|ba|drei|trois|tres|três|tre|три|三|세|few|a few|vài|einigen|quelques|unos|unas|algunos|alguns")),
        (4, ("four|bốn|vier|quatre|cuatro|quatro|quattro|четыре|四|네")),
        (5, ("five|năm|fünf|cinq|cinco|cinque|пять|五|다섯")),
        (6, ("six|sáu|sechs|seis|sei|шесть|六")),
        (7, ("seven|bảy|sieben|sept|siete|sete|sette|семь|七")),
        (8, ("eight|tám|acht|huit|ocho|oito|otto|восемь|八")),
        (9, ("nine|chín|neun|neuf|nueve|nove|девять|九")),
        (10, "ten|mười|zehn|dix|diez|dez|dieci|десять|十"),
    )
    for name in names.split("|")
}
_AMOUNT = rf"(?P<number>\d{{1,4}}|{'|'.join(sorted(map(re.escape, _NUMBERS), key=len, reverse=True))})"
_UNIT = rf"(?P<unit>{'|'.join(sorted(map(re.escape, _UNIT_OF), key=len, reverse=True))})\.?"
_MORE = rf"(?:\s*(?:,|and|und|et|y|e|và|и)?\s*(?P<number2>\d{{1,2}})\s*(?P<unit2>{'|'.join(sorted(map(re.escape, _UNIT_OF), key=len, reverse=True))})\.?)?"
_QUANTITY = rf"{_AMOUNT}\s*{_UNIT}{_MORE}"
_ABOUT = r"(?:about|around|over|almost|less than|more than|approximately|khoang|chung|hon|gan|etwa|rund|uber|environ|unos|cerca de|aproximadamente|circa|около|約|约|大约|약|ca\.?)?\s*"
_NOW = frozenset(
    map(
        fold,
        phrases(
            "now|just now|right now|moments ago|a moment ago|a few seconds ago|seconds ago|vừa xong|"
            "vừa mới|vừa mới đây|vừa mới xong|mới đây|vừa đăng|ngay bây giờ|bây giờ|vừa cập nhật|"
            "gerade eben|soeben|gerade|jetzt|eben|à l'instant|maintenant|il y a un instant|"
            "il y a quelques instants|ahora|ahora mismo|hace un momento|hace unos instantes|hace instantes|agora|agora mesmo|"
            "há instantes|agora há pouco|adesso|ora|poco fa|только что|сейчас|たった今|"
            "今|ただ今|刚刚|剛剛|刚才|方才|방금|방금 전|"
            "지금|przed chwilą|teraz|az önce|şimdi|baru saja|zojuist|nu|"
            "just nu|lige nu|"
        ),
    )
)
_DAYS: dict[str, int] = {
    fold(name): days
    for days, names in (
        (0, ("today|hôm nay|sáng nay|trưa nay|chiều nay|tối nay|heute|aujourd'hui|hoy|hoje|oggi|сегодня|今日|本日|今天|오늘|dzisiaj|dziś|"
            "bugün|hari ini|vandaag|idag|i dag|this morning|this afternoon|tonight")),
        (1, ("yesterday|hôm qua|sáng qua|chiều qua|tối qua|đêm qua|gestern|hier|ayer|ontem|ieri|вчера|昨日|きのう|昨天|어제|"
            "wczoraj|dün|kemarin|gisteren|igår|i går|last night")),
        (2, ("the day before yesterday|day before yesterday|hôm kia|vorgestern|avant-hier|anteayer|antier|antes de ayer|"
            "anteontem|l'altro ieri|позавчера|一昨日|おととい|前天|그저께|그제|przedwczoraj|evvelsi gün|eergisteren")),
    )
    for name in names.split("|")
}  # fmt: skip
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_LATER_HALF = re.compile(r"(?:chieu|toi|dem) (?:nay|qua)|this afternoon|tonight|last night")


@dataclass(frozen=True, slots=True)
class _Span:
    amount: float
    unit: str


def read(text: str, place: Place) -> Reading | None:
    """Hours and less count back to an instant; days and more to a day."""
    folded = fold(text)
    own = TONGUES.get(place.tongue, ENGLISH)
    for tongue in (own, ENGLISH) if own is not ENGLISH else (own,):
        bare = _without_prefix(folded, tongue)
        found = Reading(instant=place.now) if bare in _NOW else _ago(bare, place) or _named_day(bare, tongue, place)
        if found:
            return found
    return None


def _without_prefix(text: str, tongue: Tongue) -> str:
    text = text.strip(" .()[]")
    for filler in tongue.fillers:
        after = text.removeprefix(filler)
        if after != text and (not after[:1].isalnum() or filler[0] >= "\u2e80"):
            return after.strip(" .:()[]-|")
    return text


@cache
def _ago_patterns() -> tuple[re.Pattern[str], ...]:
    """Made at first use: most feeds write dates out, and these are long."""
    return tuple(
        re.compile(pattern)
        for pattern in (
            rf"{_ABOUT}{_QUANTITY}\s*(?:ago|truoc|前|以前|之前|전|назад|fa|atras|temu|once|yang lalu|lalu|geleden|sedan|siden|earlier|cach day)(?:\s*day)?",
            rf"(?:vor|il y a|hace|ha|cach day|faz|for)\s+{_ABOUT}{_QUANTITY}(?:\s*(?:siden|sedan))?",
            r"(?P<number>\d{1,3})\s*(?P<unit>[smhdwy]|min|hr|hrs|mo)(?P<number2>)(?P<unit2>)",
        )
    )


def _ago(text: str, place: Place) -> Reading | None:
    match = next((found for pattern in _ago_patterns() if (found := pattern.fullmatch(text))), None)
    if match is None:
        return None
    spans = [_span(match["number"], match["unit"])]
    if match["number2"]:
        spans.append(_span(match["number2"], match["unit2"]))
    if all(span.unit in _SECONDS for span in spans):
        seconds = sum(span.amount * _SECONDS[span.unit] for span in spans)
        return Reading(instant=place.now - timedelta(seconds=seconds))
    return reading(_days_back(place.today, spans[0]), None)


def _span(number: str, unit: str) -> _Span:
    amount = float(number) if number.isdigit() else _NUMBERS[number]
    return _Span(amount, {"m": "m", "min": "m", "hr": "h", "hrs": "h", "mo": "o"}.get(unit) or _UNIT_OF[unit])


def _days_back(today: date, span: _Span) -> date | None:
    try:
        if span.unit in {"d", "w"}:
            return today - timedelta(days=round(span.amount * (7 if span.unit == "w" else 1)))
        if span.unit in _SECONDS:
            return today
        months = round(span.amount * (12 if span.unit == "y" else 1))
        year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
        return next((day for back in range(4) if (day := make_day(year, month + 1, today.day - back))), None)
    except OverflowError:
        return None


@cache
def _day_pattern() -> re.Pattern[str]:
    return re.compile(
        rf"(?<![^\W\d_])(?:{'|'.join(sorted((re.escape(name) for name in _DAYS if name[0] < chr(0x2E80)), key=len, reverse=True))})(?![^\W\d_])"
        rf"|(?:{'|'.join(sorted((re.escape(name) for name in _DAYS if name[0] >= chr(0x2E80)), key=len, reverse=True))})"
    )


def _named_day(text: str, tongue: Tongue, place: Place) -> Reading | None:
    match = _day_pattern().search(text)
    if match is None:
        return None
    only_time, clock = clock_only(f"{text[: match.start()]} {text[match.end() :]}", tongue)
    if not only_time:
        return None
    if clock and clock[0].hour < 12 and _LATER_HALF.fullmatch(match[0]):
        clock = (clock[0].replace(hour=clock[0].hour + 12), clock[1])
    return reading(place.today - timedelta(days=_DAYS[match[0]]), clock)
