"""The languages of the console: its messages, and how each writes dates and numbers.

Messages are written in English where they are used; `locale/` has the others. `python tools/messages.py` brings the
catalogues up to date, and a test fails on what is not translated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale, dates, numbers, units
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from app.identity.users import LANGUAGES

FOLDER: Final = Path(__file__).with_name("locale")
DOMAIN: Final = "gerege"
NAMES: Final[Mapping[str, str]] = {"en": "English", "ru": "Русский", "zh": "中文"}
_UNITS: Final[Mapping[str, str]] = {
    "days": "duration-day",
    "minutes": "duration-minute",
    "years": "duration-year",
    "kg": "mass-kilogram",
    "km/h": "speed-kilometer-per-hour",
    "percent": "concentr-percent",
}
_LOCALES: Final[Mapping[str, Locale]] = {
    "en": Locale("en", "GB"),
    "ru": Locale("ru", "RU"),
    "zh": Locale("zh", "CN", "Hans"),
}


@dataclass(frozen=True)
class Language:
    """One language of the console."""

    code: str
    locale: Locale
    messages: NullTranslations

    @property
    def tag(self) -> str:
        """As it stands in the `lang` of a page."""
        return "zh-Hans" if self.code == "zh" else self.code

    def say(self, message: str) -> str:
        """A message that is marked where it is kept (see `marked`)."""
        return self.messages.gettext(message)

    def text(self, texts: Mapping[str, str]) -> str:
        """Of the same words in several languages those in this one, or in English."""
        return texts.get(self.code) or texts.get("en") or next(iter(texts.values()), "")

    def day(self, day: date) -> str:
        return dates.format_date(day, "medium", self.locale)

    def instant(self, at: datetime, zone: tzinfo = UTC) -> str:
        """In a time zone, which is named only where it is not that of a checkpoint."""
        return dates.format_datetime(at, self._pattern(), zone, self.locale) + (" UTC" if zone is UTC else "")

    def number(self, number: float | Decimal) -> str:
        return numbers.format_decimal(number, locale=self.locale)

    def measured(self, number: float | Decimal, unit: str | None) -> str:
        """With a unit of the vocabulary, in the form that goes with the number."""
        if unit is None or unit not in _UNITS:
            return f"{self.number(number)} {unit}" if unit else self.number(number)
        # Chinese has one form only, which CLDR keeps as the short one.
        is_long = _UNITS[unit].startswith("duration") and self.code != "zh"
        return units.format_unit(number, _UNITS[unit], "long" if is_long else "short", locale=self.locale)

    def share(self, share: float) -> str:
        """A share of one, in per cent."""
        return numbers.format_percent(share, "#,##0.#%", self.locale)

    def listed(self, items: list[str]) -> str:
        """Items one after the other, without the word `and`: there may be more."""
        return ("、" if self.code == "zh" else ", ").join(items)

    def _pattern(self) -> str:
        return {"en": "d MMM y, HH:mm", "ru": "d MMM y, HH:mm", "zh": "y年M月d日 HH:mm"}[self.code]


def marked(message: str) -> str:
    """Mark a message for the catalogues where it is kept, to be said in some language later."""
    return message


@cache
def language(code: str) -> Language:
    """The language of a code; raises KeyError if it is none of the console's."""
    return Language(code, _LOCALES[code], _messages(code))


def accepted(header: str) -> str:
    """The first language of an `Accept-Language` that the console speaks."""
    asked = (part.partition(";")[0].strip().partition("-")[0].lower() for part in header.split(","))
    return next((each for each in asked if each in LANGUAGES), "en")


def _messages(code: str) -> NullTranslations:
    if code == "en":
        return NullTranslations()
    with (FOLDER / code / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        catalogue = read_po(file, code, DOMAIN)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled, DOMAIN)
