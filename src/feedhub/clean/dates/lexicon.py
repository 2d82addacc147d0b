"""Words of dates in the languages we read, folded (see :mod:`.fold`). A language is an entry here and cases in tests.

The order of a tongue's months is January to December; several spellings of one month are parted by ``/``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from feedhub.clean.dates.fold import fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """``fillers`` may stand in a date and say nothing; phrases come before the words they consist of."""

    months: dict[str, int] = field(default_factory=dict)
    weekdays: tuple[str, ...] = ()
    fillers: tuple[str, ...] = ()
    morning: tuple[str, ...] = ()
    evening: tuple[str, ...] = ()


def _listed(text: str) -> tuple[str, ...]:
    found = {fold(" ".join(part.split())) for part in text.replace("\n", " ").split("|") if part.strip()}
    return tuple(sorted(found, key=lambda word: (-len(word), word)))


def _months(text: str) -> dict[str, int]:
    return {fold(name): at for at, names in enumerate(text.split(), 1) for name in names.split("/")}


def _tongue(months: str, weekdays: str, fillers: str, morning: str = "", evening: str = "") -> Tongue:
    return Tongue(
        months=_months(months),
        weekdays=_listed(weekdays),
        fillers=_listed(fillers),
        morning=_listed(morning),
        evening=_listed(evening),
    )


TONGUES: dict[str, Tongue] = {
    "en": _tongue(
        "january/jan february/feb march/mar april/apr may june/jun july/jul august/aug september/sept/sep october/oct "
        "november/nov december/dec",
        "monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun",
        "last updated on|last updated|last modified|first published|originally published|date published|date posted|"
        "published on|published at|published|posted on|posted at|posted|updated on|updated at|updated|modified|created|"
        "released|added|filed|submitted on|date|time|day of|at|on|the|of|in|local time|hrs|hours|st|nd|rd|th",
        "am|a.m.|a.m", "pm|p.m.|p.m",
    ),
    "vi": _tongue(
        "",  # only behind "tháng": năm is also five and year
        "thứ hai|thứ ba|thứ tư|thứ năm|thứ sáu|thứ bảy|thứ bẩy|chủ nhật|chúa nhật|thứ 2|thứ 3|thứ 4|thứ 5|thứ 6|thứ 7|"
        "t2|t3|t4|t5|t6|t7|cn",
        "cập nhật lần cuối|cập nhật lúc|cập nhật ngày|cập nhật|đăng tải|đăng lúc|đăng ngày|đăng|xuất bản lúc|xuất bản|"
        "ngày đăng|ngày xuất bản|thời gian|ra ngày|phát hành|gửi lúc|vào lúc|vào ngày|vào|hồi|lúc|ngày|giờ việt nam",
        "sa|sáng", "ch|chiều|tối|đêm",
    ),
    "fr": _tongue(
        "janvier/janv/jan février/févr/fév mars/mar avril/avr mai juin/jui juillet/juil août/aou septembre/sept/sep "
        "octobre/oct novembre/nov décembre/déc",
        "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lun|mar|mer|jeu|ven|sam|dim",
        "dernière mise à jour|mis à jour le|mise à jour le|mis à jour|mise à jour|modifié le|publié le|publiée le|publié|"
        "posté le|paru le|mis en ligne le|date|le|à|er|du|de|heures|ème", "du matin", "du soir|de l'après-midi",
    ),
    "de": _tongue(
        "januar/jänner/jan februar/feber/feb märz/mär/maerz/mrz april/apr mai juni/jun juli/jul august/aug "
        "september/sept/sep oktober/okt november/nov dezember/dez",
        "montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|mo|di|mi|do|fr|sa|so",
        "zuletzt aktualisiert am|zuletzt aktualisiert|aktualisiert am|aktualisiert|veröffentlicht am|veröffentlicht|"
        "erstellt am|erschienen am|geändert am|vom|stand|datum|den|der|am|um|uhr", "", "",
    ),
    "es": _tongue(
        "enero/ene febrero/feb marzo/mar abril/abr mayo/may junio/jun julio/jul agosto/ago "
        "septiembre/setiembre/sept/sep/set octubre/oct noviembre/nov diciembre/dic",
        "lunes|martes|miércoles|jueves|viernes|sábado|domingo|lun|mar|mié|mie|jue|vie|sáb|dom",
        "última actualización|actualizado el|actualizado a las|actualizado|publicado el|publicado|modificado|creado el|"
        "fecha|a las|a la|las|el|de|del|horas|hrs|hs|h", "de la mañana|a. m.", "de la tarde|de la noche|p. m.",
    ),
    "pt": _tongue(
        "janeiro/jan fevereiro/fev março/mar abril/abr maio/mai junho/jun julho/jul agosto/ago setembro/set/sep "
        "outubro/out novembro/nov dezembro/dez",
        "segunda-feira|terça-feira|quarta-feira|quinta-feira|sexta-feira|sábado|domingo|segunda|terça|quarta|quinta|sexta|"
        "seg|ter|qua|qui|sex|sáb|dom",
        "última atualização|atualizado em|atualizada em|atualizado às|atualizado|publicado em|publicada em|publicado a|"
        "publicado|postado em|modificado em|data|às|as|ás|em|de|do|horas|hs", "da manhã", "da tarde|da noite",
    ),
    "it": _tongue(
        "gennaio/gen febbraio/feb marzo/mar aprile/apr maggio/mag giugno/giu luglio/lug agosto/ago settembre/sett/set "
        "ottobre/ott novembre/nov dicembre/dic",
        "lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|lun|mar|mer|gio|ven|sab|dom",
        "ultimo aggiornamento|aggiornato il|aggiornato alle|pubblicato il|pubblicato|modificato il|data|alle ore|alle|ore|"
        "il|del",
    ),
    "nl": _tongue(
        "januari/jan februari/feb maart/mrt april/apr mei juni/jun juli/jul augustus/aug september/sept/sep "
        "oktober/okt november/nov december/dec",
        "maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|ma|di|wo|do|vr|za|zo",
        "laatst bijgewerkt op|laatste update|bijgewerkt op|bijgewerkt|gepubliceerd op|gepubliceerd|geplaatst op|op|om|uur",
    ),
    "ru": _tongue(
        "января/январь/янв февраля/февраль/фев/февр марта/март/мар апреля/апрель/апр мая/май июня/июнь/июн "
        "июля/июль/июл августа/август/авг сентября/сентябрь/сен/сент октября/октябрь/окт ноября/ноябрь/ноя/нояб "
        "декабря/декабрь/дек",
        "понедельник|вторник|среда|четверг|пятница|суббота|воскресенье|пн|вт|ср|чт|пт|сб|вс",
        "последнее обновление|дата публикации|опубликовано|опубликована|опубликован|обновлено|обновлена|обновлен|"
        "добавлено|создано|изменено|дата|время|в|от|года|год|г|мск",
    ),
    "pl": _tongue(
        "stycznia/sty lutego/lut marca/mar kwietnia/kwi maja/maj czerwca/cze lipca/lip sierpnia/sie września/wrz "
        "października/paź listopada/lis grudnia/gru",
        "poniedziałek|wtorek|środa|czwartek|piątek|sobota|niedziela|pon|wt|śr|czw|pt|sob|niedz",
        "ostatnia aktualizacja|aktualizacja|opublikowano|dodano|data|dnia|godz|godzina|o|roku|r",
    ),
    "tr": _tongue(
        "ocak/oca şubat/şub mart/mar nisan/nis mayıs/may haziran/haz temmuz/tem ağustos/ağu eylül/eyl ekim/eki "
        "kasım/kas aralık/ara",
        "pazartesi|salı|çarşamba|perşembe|cuma|cumartesi|pazar|pzt|sal|çar|per|cum|cmt|paz",
        "son güncelleme|güncelleme|yayınlanma|yayın tarihi|eklenme|tarih|saat",
    ),
    "id": _tongue(
        "januari/jan februari/feb maret/mar april/apr mei juni/jun juli/jul agustus/agu/ags september/sep oktober/okt "
        "november/nov desember/des",
        "senin|selasa|rabu|kamis|jumat|jum'at|sabtu|minggu|sen|sel|rab|kam|jum|sab|min",
        "terakhir diperbarui|diperbarui|diterbitkan|dipublikasikan|tanggal|pukul|jam|pada",
    ),
    "sv": _tongue(
        "januari/jan februari/feb mars/mar april/apr maj juni/jun juli/jul augusti/aug september/sept/sep oktober/okt "
        "november/nov december/dec",
        "måndag|tisdag|onsdag|torsdag|fredag|lördag|söndag|mån|tis|ons|tors|fre|lör|sön",
        "senast uppdaterad|uppdaterad|publicerad|den|kl|klockan",
    ),
    "da": _tongue(
        "januar/jan februar/feb marts/mar april/apr maj/mai juni/jun juli/jul august/aug september/sept/sep oktober/okt "
        "november/nov december/desember/dec/des",
        "mandag|tirsdag|onsdag|torsdag|fredag|lørdag|søndag|man|tir|ons|tor|fre|lør|søn",
        "opdateret|oppdatert|publiceret|publisert|den|kl|klokken",
    ),
    "ja": _tongue(
        "", "月曜日|火曜日|水曜日|木曜日|金曜日|土曜日|日曜日|月曜|火曜|水曜|木曜|金曜|土曜|日曜|(月)|(火)|(水)|(木)|(金)|(土)|(日)",
        "最終更新日|最終更新|更新日時|更新日|更新|公開日時|公開日|公開|投稿日時|投稿日|投稿|掲載日|掲載|配信日時|配信|作成日|発行日|日時|付け|付",
        "午前", "午後",
    ),
    "zh": _tongue(
        "",
        "星期一|星期二|星期三|星期四|星期五|星期六|星期日|星期天|周一|周二|周三|周四|周五|周六|周日|週一|週二|週三|週四|週五|週六|週日|"
        "礼拜一|礼拜二|礼拜三|礼拜四|礼拜五|礼拜六|礼拜日|禮拜一|禮拜二|禮拜三|禮拜四|禮拜五|禮拜六|禮拜日",
        "最后更新|最後更新|更新时间|更新時間|更新于|更新於|更新|发布时间|發布時間|发布于|發布於|发布|發布|发表于|發表於|发表|發表|"
        "时间|時間|日期|北京时间|刊登",
        "上午|早上|凌晨|清晨", "下午|晚上|中午|傍晚",
    ),
    "ko": _tongue(
        "", "월요일|화요일|수요일|목요일|금요일|토요일|일요일|(월)|(화)|(수)|(목)|(금)|(토)|(일)",
        "최종수정|최종 수정|기사입력|기사 입력|입력시간|입력|수정일|수정|등록일|등록|작성일|작성|게시일|게시|발행일|발행|업데이트|승인",
        "오전", "오후",
    ),
}  # fmt: skip

TONGUES["no"] = TONGUES["nb"] = TONGUES["da"]

ENGLISH = TONGUES["en"]


def tongues(language: str) -> list[Tongue]:
    """The language's own words first, then English; for a language we do not know, all of them."""
    own = TONGUES.get(language)
    if own is None:
        return list(TONGUES.values())
    return [own] if own is ENGLISH else [own, ENGLISH]
