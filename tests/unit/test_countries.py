import pytest

from app.vocabulary import countries


def test_every_code_has_a_name_in_english_and_countries_in_russian_too() -> None:
    assert len(countries.ISO3) == 249
    assert all(countries.name(code) for code in countries.STATE_CODES)
    assert all(country.name_ru and country.name_en for country in countries.COUNTRIES.values())


def test_codes_of_states_and_of_other_issuers_do_not_overlap() -> None:
    assert not countries.ISO3 & countries.ICAO_CODES
    assert {"D", "EUE", "UNO", "XXA", "XXB", "XXC", "XXX", "UTO", "RKS"} <= countries.ICAO_CODES


@pytest.mark.parametrize(("printed", "code"), [("D", "DEU"), ("DEU", "DEU"), ("RUS", "RUS"), ("XXA", "XXA")])
def test_only_the_german_code_of_one_letter_is_changed(printed: str, code: str) -> None:
    assert countries.normalise(printed) == code


def test_the_sign_on_vehicles_is_that_of_the_country() -> None:
    assert countries.COUNTRIES["KGZ"].distinguishing_sign == "KS"
    assert countries.COUNTRIES["ATG"].distinguishing_sign is None
    assert countries.name("QQQ") is None
