"""The rules by which lines of a page are told apart: dates, names, roles, publishers, furniture."""

from __future__ import annotations

import pytest

from feedhub.extract.bylines import looks_like_name, read_lines
from feedhub.extract.date_signs import looks_like_date, says_updated
from feedhub.extract.furniture import is_related_heading, may_be_title
from feedhub.extract.original import find_origin

DATES = (
    "13:44 14/02/2025|Thứ Sáu, 14/02/2025|2 giờ trước|Hôm qua|14 February 2025|Feb 14, 2025 3:15 PM|2025-02-14|yesterday|vor 3 Stunden|il y a 2 heures|"
    "2025年2月14日 9時30分|3時間前|14 فبراير 2025|منذ 3 ساعات|14. Februar 2025, 06:00 Uhr|Updated: 9:05 14/02/2025|14 Feb"
)
PROSE = (
    "Jane Doe|Junior Analyst|630 tỷ USD|Top 10 books of the year|Hôm qua chúng tôi đã nói chuyện với ba nhà quản lý quỹ ở Tokyo|港の古い倉庫、来春から図書館に|"
    "The March of the last brass band|2%|Route 66|Sáu tháng đầu năm của ngành thép"
)


@pytest.mark.parametrize("text", DATES.split("|"))
def test_dates_are_seen(text: str) -> None:
    assert looks_like_date(text)


UNITS = (
    "second seconds sec secs minute minutes min mins hour hours hr hrs h day days d week weeks w month months year years minuten stunde stunden tag tagen woche wochen "
    "monat monaten heure heures jour jours semaine semaines mois minuto minutos hora horas dia dias semana semanas minutter giây phút giờ días минут часа 分 時間"
)

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec mai okt dez janv avr juin ene abr dic gen mag giu lug set ott tháng фев"


@pytest.mark.parametrize("unit", UNITS.split())
def test_every_unit_of_time_is_known_alone_and_with_ago(unit: str) -> None:
    """A text without any of the words that a date needs is not looked at closer: none may be missing among them."""
    for text in (f"3 {unit}", f"3 {unit}  ", f"posted 3 {unit} ago", f"3 {unit} fa", f"een 3 {unit} geleden, by ann"):
        assert looks_like_date(text), text
        assert not looks_like_date(text.replace("3", "x")), text


@pytest.mark.parametrize("name", MONTHS.split())
def test_every_month_is_known(name: str) -> None:
    assert looks_like_date(f"14 {name.title()}.")
    assert not looks_like_date(f"14 x{name}")


@pytest.mark.parametrize("text", PROSE.split("|"))
def test_prose_is_no_date(text: str) -> None:
    assert not looks_like_date(text)


def test_a_date_of_a_change_says_so() -> None:
    assert says_updated("Cập nhật: 09:05 14/02/2025")
    assert not says_updated("09:05 14/02/2025")


@pytest.mark.parametrize(
    ("lines", "people", "published"),
    [
        (
            ["Lê Thu Hà", "Lê Thu Hà", "Junior Analyst", "13:44 14/02/2025"],
            [("Lê Thu Hà", "Junior Analyst")],
            "13:44 14/02/2025",
        ),
        (["By", "Ann Poe", "Staff Reporter", "Follow"], [("Ann Poe", "Staff Reporter")], ""),
        (["Ann Poe", "14 February 2025"], [("Ann Poe", "")], "14 February 2025"),
        (["By Ann Poe | 14 February 2025"], [("By Ann Poe", "")], "14 February 2025"),
        (["Share", "12 comments", "5 min read"], [], ""),
        (["Ann Poe", "Ann Poe writes about ports. She lives by the sea."], [("Ann Poe", "")], ""),
        ([], [], ""),
    ],
    ids=["twice and a role", "by", "date", "one line", "furniture", "biography", "nothing"],
)
def test_lines_of_a_byline(lines: list[str], people: list[tuple[str, str]], published: str) -> None:
    credited = read_lines(lines)
    assert [(one.name, one.role) for one in credited.people] == people
    assert credited.published == published


@pytest.mark.parametrize(
    ("last", "name", "author"),
    [
        ("Financial Times", "Financial Times", ""),
        ("Theo Reuters", "Reuters", ""),
        ("Nguồn: Báo Đầu tư", "Báo Đầu tư", ""),
        ("(Theo The Guardian)", "The Guardian", ""),
        ("Huyền Trần (Theo Bloomberg)", "Bloomberg", "Huyền Trần"),
        ("Quelle: dpa", "dpa", ""),
        ("出典：共同通信", "共同通信", ""),
        ("Theo ông Nam, giá vàng còn tăng", "", ""),
        ("And so the band played on.", "", ""),
        ("Nguyễn Tuấn Đạt", "", ""),
    ],
)
def test_the_original_publisher_in_the_last_line(last: str, name: str, author: str) -> None:
    found = find_origin(["A first paragraph that is long enough to be one.", last])
    assert (found.name, found.author) if found else (name, author) == ("", "")
    assert (found is not None) == bool(name)


def test_a_site_is_not_its_own_source() -> None:
    assert find_origin(["Text.", "Financial Times"], frozenset({"financial times"})) is None


def test_an_organisation_in_the_middle_is_no_source() -> None:
    assert find_origin(["Financial Times", *["A sentence of the text."] * 8]) is None


@pytest.mark.parametrize(
    ("text", "is_title"),
    [
        ("Three soups from one pot", True),
        ("Read more", False),
        ("Sport", False),
        ("3 Comments", False),
        ("港の古い倉庫、来春から図書館に", True),
        ("13:44 14/02/2025", False),
        ("Giá vàng tăng", True),
        ("Continue reading the story", False),
    ],
)
def test_titles_have_three_words_and_are_no_labels(text: str, is_title: bool) -> None:
    assert may_be_title(text) is is_title


@pytest.mark.parametrize(
    ("text", "is_name"),
    [
        ("Lê Thu Hà", True),
        ("Ann van der Poe", True),
        ("山田太郎", True),
        ("read the whole story", False),
        ("Ann", False),
        ("Section 4", False),
    ],
)
def test_names(text: str, is_name: bool) -> None:
    assert looks_like_name(text) is is_name


@pytest.mark.parametrize(
    "text", ["Cùng chuyên mục", "Related", "More from this author", "関連記事", "اقرأ أيضا", "Mehr zum Thema:"]
)
def test_headings_of_related_articles(text: str) -> None:
    assert is_related_heading(text)
    assert not is_related_heading(f"{text} is what the council calls the plan for the harbour and its sheds")
