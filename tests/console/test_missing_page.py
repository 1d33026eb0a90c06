"""Missing papers: which, of whom, in the officer's language."""

from tests.console.reading import Reader, in_each
from tests.factories import OMIT, event
from tests.service.serving import Service


def test_what_is_missing_is_named_in_the_words_of_the_officer(
    service: Service, officer: Reader, elsewhere: Reader
) -> None:
    answer = service.post(event(id="missing", persons__0__document__expires_on=OMIT)).json()
    assert answer["outcome"] == "undetermined"
    names = ("Document expiry", "Просроченный документ", "证件过期")
    for page, told in zip(in_each(officer, "/console/missing"), ("Expired document", *names[1:]), strict=True):
        assert page.status == 200
        assert told in page.text
        assert f"/console/crossings/{answer['crossing']}" in page.links
    assert answer["crossing"] not in elsewhere.opens("/console/missing").html
    assert answer["crossing"] not in officer.opens("/console/missing?rule=RUS-TDOC-002").html
    typed = officer.opens("/console/missing?rule=+rus-tdoc-001&checkpoint=", "en")
    assert answer["crossing"] in typed.html
    assert "<option>RUS-TDOC" not in typed.html
    assert 'value="RUS-TDOC-001"' in typed.html
