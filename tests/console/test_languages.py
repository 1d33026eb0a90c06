"""Numbers, dates and plural forms as each language writes them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.web.console.languages import accepted, language


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("en", ["1 day", "22 days", "38,000 kg", "1,234.5"]),
        ("ru", ["1 день", "22 дня", "38\xa0000 кг", "1\xa0234,5"]),
        ("zh", ["1天", "22天", "38,000 kg", "1,234.5"]),
    ],
)
def test_amounts_stand_in_the_form_that_goes_with_the_number(code: str, told: list[str]) -> None:
    tongue = language(code)
    amounts = [tongue.measured(1, "days"), tongue.measured(22, "days"), tongue.measured(38000, "kg")]
    assert [*amounts, tongue.number(1234.5)] == told


@pytest.mark.parametrize(
    ("code", "day", "instant"),
    [
        ("en", "1 Mar 2026", "1 Mar 2026, 09:15"),
        ("ru", "1 мар. 2026\u202fг.", "1 мар. 2026, 09:15"),
        ("zh", "2026年3月1日", "2026年3月1日 09:15"),
    ],
)
def test_days_and_instants_are_those_of_the_checkpoint(code: str, day: str, instant: str) -> None:
    at = datetime(2026, 3, 1, 0, 15, tzinfo=UTC)
    assert language(code).day(date(2026, 3, 1)) == day
    assert language(code).instant(at, ZoneInfo("Asia/Chita")) == instant
    assert language(code).instant(at).endswith("00:15 UTC")


@pytest.mark.parametrize(
    ("count", "told"),
    [(1, "нарушения."), (3, "нарушений."), (21, "нарушения."), (112, "нарушений.")],
)
def test_russian_has_its_plural_forms(count: int, told: str) -> None:
    text = language("ru").messages.ngettext("Done with %(num)s violation.", "Done with %(num)s violations.", count)
    assert (text % {"num": count}).endswith(f"{count} {told}")


@pytest.mark.parametrize(
    ("header", "code"), [("", "en"), ("zh-CN,zh;q=0.9", "zh"), ("fr-CH, ru;q=0.8", "ru"), ("xx", "en"), ("*", "en")]
)
def test_the_first_language_that_is_spoken_is_taken(header: str, code: str) -> None:
    assert accepted(header) == code
