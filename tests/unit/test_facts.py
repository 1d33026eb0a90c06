"""Facts from events: omitted is unknown, null is none, and what a machine readable zone adds."""

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.facts.codec import plain, typed
from app.facts.derive import derive
from app.facts.history import OF_THE_PAST
from app.facts.manifests import OF_MANIFESTS
from app.facts.reference_data import ReferenceData, parse
from app.facts.subjects import Subject
from app.vocabulary import mrz
from app.vocabulary.codes import SubjectKind
from app.vocabulary.fields import FieldType, catalogue
from tests.factories import OMIT, crossing

RULES = Path(__file__).parents[2] / "rules"
FILES = ("checkpoints.csv", "lists/visa_requirements.csv", "lists/un_numbers.csv", "lists/hs.csv")


@pytest.fixture(scope="module")
def reference() -> ReferenceData:
    data, diagnostics = parse({name: (RULES / name).read_text(encoding="utf-8") for name in FILES})
    assert diagnostics == ()
    return data


def facts_of(
    reference: ReferenceData, kind: SubjectKind = SubjectKind.INDIVIDUAL, **changes: object
) -> Mapping[str, Any]:
    return subject_of(reference, kind, **changes)[1]


def subject_of(reference: ReferenceData, kind: SubjectKind, **changes: object) -> tuple[Subject, Mapping[str, Any]]:
    subjects = subjects_of(reference, **changes)
    return next(each for each in subjects if each[0].kind is kind)


def subjects_of(reference: ReferenceData, **changes: object) -> list[tuple[Subject, Mapping[str, Any]]]:
    event = crossing(**changes)
    return list(
        derive(event, checkpoint := reference.checkpoints[event.checkpoint], frozenset({checkpoint.state}), reference)
    )


@pytest.mark.parametrize("kind", SubjectKind)
def test_every_fact_is_a_field_of_the_catalogue_and_has_its_type(reference: ReferenceData, kind: SubjectKind) -> None:
    types = {
        FieldType.TEXT: str, FieldType.CODE: str, FieldType.BOOLEAN: bool, FieldType.DATE: date,
        FieldType.TEXTS: tuple, FieldType.OBJECT: bool, FieldType.RECORDS: tuple,
    }  # fmt: skip
    cargo = [{"hs": "870899", "net_weight_kg": 12.5, "un_number": "1263", "declared": True, "documented": False}]
    observed = [{"kind": "left_route", "at": "2026-03-01T09:20:00+09:00", "person": 0}]
    facts = facts_of(
        reference, kind, cargo=cargo, observations=observed, persons__0__permits=[{"kind": "zone_pass"}],
        persons__0__registered_on=None, vehicle__voyage="SU1", vehicle__persons_aboard=2)  # fmt: skip
    fields = catalogue(kind)
    for path, value in facts.items():
        if value is not None and fields[path].type in types:
            assert isinstance(value, types[fields[path].type]), path
    unknown = {"document.mrz_valid", "document.mrz_agrees", "crossing.area", "crossing.border_line_at", "findings"}
    expected = {path for path, field in fields.items() if not field.record} - unknown - OF_THE_PAST - OF_MANIFESTS
    assert expected - facts.keys() <= {"checkpoint.classification", "checkpoint.within_hours"}


def test_an_omitted_object_leaves_all_below_it_unknown(reference: ReferenceData) -> None:
    facts = facts_of(reference, persons__0__document=OMIT, vehicle=OMIT)
    assert not [path for path in facts if path.startswith(("document", "vehicle"))]


def test_an_object_that_is_null_makes_all_below_it_none(reference: ReferenceData) -> None:
    facts = facts_of(reference, persons__0__visa=None)
    fields = [path for path in catalogue(SubjectKind.INDIVIDUAL) if path.partition(".")[0] == "visa"]
    assert {facts[path] for path in fields} == {None}


def test_the_day_of_a_crossing_is_that_of_the_checkpoint(reference: ReferenceData) -> None:
    facts = facts_of(reference, occurred_at="2026-02-28T16:00:00Z")
    assert facts["crossing.date"] == date(2026, 3, 1)


def _zone(**changes: str) -> list[str]:
    fields = {
        "document_code": "P", "issuer": "CHN", "surname": "ERIKSSON", "given_names": "ANNA MARIA",
        "document_number": "E12345678", "nationality": "CHN", "birth_date": "900402", "sex_printed": "F",
        "expiry_date": "300101",
    } | changes  # fmt: skip
    return list(mrz.compose(mrz.Format.TD3, mrz.MrzFields(**fields)))


def test_a_zone_that_agrees_is_valid_and_agrees(reference: ReferenceData) -> None:
    facts = facts_of(reference, persons__0__document__mrz=_zone())
    assert facts["document.mrz_valid"] is True
    assert facts["document.mrz_agrees"] is True


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("persons__0__document__number", "E12345679"),
        ("persons__0__document__expires_on", "2031-01-01"),
        ("persons__0__birth_date", "1990-04-03"),
        ("persons__0__nationality", "RUS"),
        ("persons__0__surname", "Olsson"),
        ("persons__0__sex", "M"),
    ],
)
def test_data_that_contradicts_the_zone_is_a_fact(reference: ReferenceData, member: str, value: str) -> None:
    changes: dict[str, Any] = {"persons__0__document__mrz": _zone(), member: value}
    facts = facts_of(reference, **changes)
    assert facts["document.mrz_agrees"] is False
    assert facts["document.mrz_valid"] is True


@pytest.mark.parametrize(
    ("given", "printed", "agrees"),
    [
        ("HKG", "CHN", True),
        ("MAC", "CHN", True),
        ("TWN", "CHN", False),
        ("GBR", "GBD", True),
        ("XXK", "RKS", True),
        ("DEU", "D", True),
        ("RUS", "CHN", False),
    ],
)
def test_codes_of_one_state_do_not_contradict_each_other(
    reference: ReferenceData, given: str, printed: str, *, agrees: bool
) -> None:
    zone = _zone(nationality=printed, issuer=printed)
    changes: dict[str, Any] = {"persons__0__nationality": given, "persons__0__document__issuer": given}
    facts = facts_of(reference, persons__0__document__mrz=zone, **changes)
    assert facts["document.mrz_agrees"] is agrees


def test_names_in_other_letters_are_not_held_against_anyone(reference: ReferenceData) -> None:
    facts = facts_of(reference, persons__0__document__mrz=_zone(), persons__0__surname="Эрикссон")
    assert facts["document.mrz_agrees"] is True


def test_members_left_out_are_filled_from_the_zone(reference: ReferenceData) -> None:
    left_out = {f"persons__0__document__{name}": OMIT for name in ("number", "expires_on", "issuer", "kind")}
    subject, facts = subject_of(
        reference, SubjectKind.INDIVIDUAL, persons__0__document__mrz=_zone(), persons__0__nationality=OMIT,
        persons__0__birth_date=OMIT, **left_out,
    )  # fmt: skip
    assert facts["document.expires_on"] == date(2030, 1, 1)
    assert facts["subject.birth_date"] == date(1990, 4, 2)
    assert facts["subject.nationality"] == "CHN"
    assert facts["document.kind"] == "passport"
    assert subject.key == "CHN:E12345678"


@pytest.mark.parametrize(
    ("code", "issuer", "kind"),
    [
        ("P", "RUS", "passport"),
        ("PP", "CHN", "passport"),
        ("PO", "CHN", "passport"),
        ("PO", "RUS", None),
        ("PN", "RUS", None),
        ("PR", "CHN", None),
        ("PD", "RUS", "diplomatic_passport"),
    ],
)
def test_a_kind_the_zone_does_not_tell_for_certain_is_left_unknown(
    reference: ReferenceData, code: str, issuer: str, kind: str | None
) -> None:
    zone = _zone(document_code=code, issuer=issuer)
    facts = facts_of(reference, persons__0__document__mrz=zone, persons__0__document__kind=OMIT)
    assert facts.get("document.kind") == kind


def test_the_zone_of_a_visa_says_nothing_of_the_document(reference: ReferenceData) -> None:
    first, second = _zone()
    facts = facts_of(
        reference, persons__0__document__mrz=["V" + first[1:], second], persons__0__document__expires_on=OMIT
    )
    assert not facts.keys() & {"document.mrz_valid", "document.mrz_agrees", "document.expires_on"}


def test_what_a_failed_check_digit_covers_is_not_filled_in(reference: ReferenceData) -> None:
    first, second = _zone()
    damaged = second[:21] + "31" + second[23:]
    facts = facts_of(reference, persons__0__document__mrz=[first, damaged], persons__0__document__expires_on=OMIT)
    assert facts["document.mrz_valid"] is False
    assert "document.expires_on" not in facts


def test_lines_of_no_known_shape_leave_the_zone_unknown(reference: ReferenceData) -> None:
    facts = facts_of(reference, persons__0__document__mrz=["P<CHN", "E1"])
    assert "document.mrz_valid" not in facts
    assert "document.mrz_agrees" not in facts


def test_an_expiry_that_may_lie_far_ahead_is_left_unknown(reference: ReferenceData) -> None:
    facts = facts_of(
        reference, persons__0__document__mrz=_zone(expiry_date="991231"), persons__0__document__expires_on=OMIT
    )
    assert "document.expires_on" not in facts


def test_a_document_without_a_zone_has_none_to_judge(reference: ReferenceData) -> None:
    facts = facts_of(reference, persons__0__document__mrz=None)
    assert facts["document.mrz_valid"] is None
    assert facts["document.mrz_agrees"] is None


@pytest.mark.parametrize(
    ("born", "age"), [("2012-03-01", 14), ("2012-03-02", 13), ("2012-02-29", 14), ("2026-03-01", 0)]
)
def test_age_is_counted_in_completed_years(reference: ReferenceData, born: str, age: int) -> None:
    assert facts_of(reference, persons__0__birth_date=born)["subject.age_years"] == age


@pytest.mark.parametrize(
    ("numbers", "valid"),
    [
        ({"cn_uscc": "91110000600037341L"}, True),
        ({"cn_uscc": "91110000600037342L"}, False),
        ({"cn_uscc": "91110000600037341L", "ru_inn": "7709442669"}, False),
        ({"kz_bin": "123456789012"}, OMIT),
        ({"kz_bin": "123456789012", "cn_uscc": "91110000600037341L"}, OMIT),
        ({}, None),
        (None, None),
    ],
)
def test_identifiers_are_valid_only_if_all_are(reference: ReferenceData, numbers: object, valid: object) -> None:
    facts = facts_of(reference, SubjectKind.LEGAL_ENTITY, organizations__0__identifiers=numbers)
    assert facts.get("subject.identifier_valid", OMIT) is valid


def test_an_observation_concerns_only_whom_it_names(reference: ReferenceData) -> None:
    at = "2026-03-01T09:20:00+09:00"
    observed = [
        {"kind": "left_route", "at": at},
        {"kind": "left_route", "at": at, "person": 0},
        {"kind": "left_route", "at": at, "organization": 0},
    ]
    seen = {
        subject.kind: [record.get("observations.concerns_subject") for record in facts["observations"]]
        for subject, facts in subjects_of(reference, observations=observed)
    }
    assert seen == {SubjectKind.INDIVIDUAL: [None, True, False], SubjectKind.LEGAL_ENTITY: [None, False, True]}


@pytest.mark.parametrize(
    ("number", "status"), [("1263", "current"), ("0001", "not_listed"), (None, None), (OMIT, OMIT)]
)
def test_a_un_number_has_a_status(reference: ReferenceData, number: object, status: object) -> None:
    line = {"hs": "870899"} | ({} if number is OMIT else {"un_number": number})
    (record,) = facts_of(reference, cargo=[line])["cargo"]
    assert record.get("cargo.un_status", OMIT) == status


def test_the_visa_matrix_is_read_on_the_days_before_of_and_after_each_change(reference: ReferenceData) -> None:
    compared = 0
    for (passport, destination), rules in reference.visas.items():
        for earlier, later in pairwise(rules):
            if earlier.period.last and later.period.first and (later.period.first - earlier.period.last).days == 1:
                assert reference.visa(passport, destination, earlier.period.last) is earlier
                assert reference.visa(passport, destination, later.period.first) is later
                compared += 1
    assert compared > 1000


def test_nobody_needs_a_visa_for_his_own_state(reference: ReferenceData) -> None:
    facts = facts_of(reference, persons__0__nationality="RUS")
    assert facts["subject.visa_requirement"] == "none"


@given(st.data())
def test_facts_survive_the_way_through_json(data: st.DataObject) -> None:
    reference, _ = parse({name: (RULES / name).read_text(encoding="utf-8") for name in FILES[:1]})
    kilograms = data.draw(st.decimals(0, 10**9, places=3, allow_nan=False))
    facts = facts_of(reference, vehicle__gross_weight_kg=float(kilograms), persons__0__permits=[
        {"kind": "zone_pass", "valid_until": data.draw(st.dates(date(1900, 1, 1), date(2200, 1, 1))).isoformat()},
    ])  # fmt: skip
    assert typed(orjson.loads(orjson.dumps(plain(facts))), catalogue(SubjectKind.INDIVIDUAL)) == facts


PAPERS = {"residence_permit": ("residence_permit", "zone_pass"), "visa": ("long_stay", "short_stay")}
WHEN = st.sampled_from(["2026-02-28", "2026-03-01", "2026-03-02"])


@st.composite
def papers(draw: st.DrawFn, kind: str) -> dict[str, object]:
    """A permit or a visa with all that the basis of a stay hangs on."""
    kinds = st.sampled_from(PAPERS[kind])
    when = WHEN if kind == "visa" else WHEN | st.none()
    return {
        "kind": draw(kinds), "issuer": draw(st.sampled_from(["RUS", "CHN"])),
        "valid_from": draw(when), "valid_until": draw(when),
    }  # fmt: skip


def _knowing_less(paper: dict[str, object], left_out: set[str]) -> dict[str, object]:
    return {name: value for name, value in paper.items() if name == "kind" or name not in left_out}


@given(
    st.lists(papers("residence_permit"), max_size=2),
    st.none() | papers("visa"),
    st.sets(st.sampled_from(["permits", "visa", "issuer", "valid_from", "valid_until"])),
)
def test_filling_in_papers_never_changes_the_basis_of_a_stay_that_was_known(
    permits: list[dict[str, object]], visa: dict[str, object] | None, left_out: set[str]
) -> None:
    whole = _basis(permits, visa)
    assert whole in {"short_stay", "residence_permit", "long_stay_visa"}
    less = _basis(
        OMIT if "permits" in left_out else [_knowing_less(each, left_out) for each in permits],
        OMIT if "visa" in left_out else visa and _knowing_less(visa, left_out),
    )
    assert less in {"", whole}


REGISTER, _ = parse({FILES[0]: (RULES / FILES[0]).read_text(encoding="utf-8")})


def _basis(permits: object, visa: object) -> str:
    subject, _ = subject_of(REGISTER, SubjectKind.INDIVIDUAL, persons__0__permits=permits, persons__0__visa=visa)
    return subject.basis


def test_the_basis_of_a_stay_is_that_of_papers_of_the_territory_valid_on_the_day() -> None:
    permit = {"kind": "residence_permit", "issuer": "RUS", "valid_from": None, "valid_until": "2026-03-01"}
    visa = {"kind": "long_stay", "issuer": "RUS", "valid_from": "2026-02-01", "valid_until": "2026-03-01"}
    assert _basis([permit], visa) == "residence_permit"
    assert _basis([{**permit, "valid_until": "2026-02-28"}], visa) == "long_stay_visa"
    assert _basis([{**permit, "issuer": "CHN"}], {**visa, "valid_from": "2026-03-02"}) == "short_stay"
    assert _basis([], OMIT) == ""
