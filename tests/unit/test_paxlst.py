"""Advance passenger lists: real ones, each rule of their syntax, each flaw, and whatever bytes may come."""

from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.errors import Invalid
from app.vocabulary.identifiers import compact
from app.vocabulary.paxlst import MAX_BYTES, Document, Leg, Manifest, Person, Role, parse

SAMPLES = {path.stem: path.read_bytes() for path in (Path(__file__).parents[1] / "data/paxlst").glob("*.edi")}

PERSON = (
    "NAD+FL+++DOE:JOHN:WAYNE'ATT+2++M'DTM+329:640217'LOC+178+FRA'LOC+179+IAD'LOC+174+GBR'NAT+2+GBR'"
    "DOC+P:110:111+AB 123'DTM+36:300218'LOC+91+GBR'"
)
FLIGHT = "TDT+20+UA0989+++UA'LOC+125+FRA'DTM+189:2603011725:201'LOC+87+IAD'DTM+232:2603011910:201'"


def interchange(body: str, *, una: str = "", segments: int | None = None) -> bytes:
    """Put an envelope that fits around BGM and this body."""
    count = segments if segments is not None else body.count("'") + 3
    return (
        f"{una}UNB+UNOA:4+AIR+GOV+260228:1200+REF1'UNG+PAXLST+AIR+GOV+260228:1200+7+UN+D:05B'"
        f"UNH+M1+PAXLST:D:05B:UN:IATA'BGM+745'{body}UNT+{count}+M1'UNE+1+7'UNZ+1+REF1'"
    ).encode()


def read(content: bytes) -> Manifest:
    (manifest,) = parse(content)
    return manifest


def flaws(manifest: Manifest) -> list[tuple[int, str, str]]:
    return [(flaw.segment, flaw.tag, flaw.message) for flaw in manifest.flaws]


def said(body: str) -> list[str]:
    return [flaw.message for flaw in read(interchange(body)).flaws]


# --- the samples --------------------------------------------------------------------------------------------


def test_a_crew_list_without_una_names_the_document_all_have_and_the_references_that_differ() -> None:
    manifest = read(SAMPLES["crew_list_8_pax_02B"])
    assert (manifest.kind, manifest.release, manifest.sender, manifest.recipient) == (
        "crew_list",
        "D:02B",
        "APIS*C3K",
        "USCSAPIS",
    )
    assert (manifest.prepared_at, manifest.interchange_reference, manifest.message_reference) == (
        datetime.fromisoformat("2014-02-02T06:00"),
        "1403010600",
        "1402010600",
    )
    assert manifest.legs == (
        Leg(
            carrier="UA",
            voyage_written="UA0989",
            voyage="UA989",
            departure_place="FRA",
            departure_local=datetime.fromisoformat("2017-01-27T17:25"),
            arrival_place="IAD",
            arrival_local=datetime.fromisoformat("2017-01-28T07:10"),
            crosses_border=True,
        ),
    )
    assert manifest.persons[0] == Person(
        segment=12,
        role=Role.CREW,
        surname="Steur",
        given_names="Andrea Pat",
        sex="F",
        birth_date=date(1978, 7, 6),
        nationality="GBR",
        residence="GBR",
        embarkation="FRA",
        disembarkation="IAD",
        document=Document("P", "123456789", "GBR", None),
    )
    assert (len(manifest.persons), manifest.crew) == (8, 8)
    assert manifest.document_keys == ("GBR:123456789",)
    persons = range(12, 97, 12)
    shared = "the document GBR:123456789 is also that of the person in segment 12"
    assert flaws(manifest) == sorted(
        [(head + 10, "DTM", "'610218' is no date of expiry") for head in persons]
        + [(head, "NAD", shared) for head in persons[1:]]
        + [
            (108, "CNT", "nothing is given as the count of crew"),
            (109, "UNT", "0000152 is given as the count of segments"),
            (110, "UNE", "the reference '1402010600' is not that of UNG"),
            (111, "UNZ", "the reference '1402010600' is not that of UNB"),
        ]
    )
    assert manifest.flaws[-4].right == "CNT+41:8, as are listed here"


def test_separators_of_una_are_used_and_a_space_beside_a_tag_is_nothing() -> None:
    manifest = read(SAMPLES["custom_separators_02B"])
    assert [leg.voyage for leg in manifest.legs] == ["TN506"]
    assert (manifest.access_reference, manifest.part, manifest.final, manifest.whole) == ("AA346", 10, True, False)
    assert [person.surname for person in manifest.persons][::9] == ["BETTON", "LOWE"]
    assert len(manifest.document_keys) == 10
    assert [(flaw.segment, flaw.tag, flaw.message, flaw.right) for flaw in manifest.flaws] == [
        (112, "CNT", "136 is given as the count of passengers", "CNT+42:10, as are listed here"),
        (113, "UNT", "121 is given as the count of segments", "111"),
        (113, "UNT", "the reference '140211180 0' is not that of UNH", "'1402111800'"),
    ]


def test_a_list_of_260_is_read_to_its_end_though_its_counts_do_not_fit() -> None:
    manifest = read(SAMPLES["large_passenger_list_02B"])
    assert (len(manifest.persons), manifest.crew, manifest.part, manifest.final) == (260, 0, 1, False)
    assert Counter(person.nationality for person in manifest.persons).most_common() == [
        ("USA", 121),
        ("GBR", 113),
        ("CAN", 26),
    ]
    assert manifest.document_keys == ("USA:12345678", "GBR:12345678", "CAN:12345678")
    assert len(manifest.flaws) == 260
    assert [flaw for flaw in flaws(manifest) if "is also that of" not in flaw[2]] == [
        (852, "NAD", "characters that cannot be printed are left out"),
        (3132, "CNT", "206 is given as the count of crew"),
        (3133, "UNT", "099 is given as the count of segments"),
    ]


def test_each_leg_of_a_journey_is_read_and_text_after_the_end_is_a_flaw() -> None:
    manifest = read(SAMPLES["multi_leg_2_pax_05B"])
    assert [(leg.voyage, leg.departure_place, leg.arrival_place, leg.crosses_border) for leg in manifest.legs] == [
        ("QQ877", "MIA", "IAD", False),
        ("QQ827", "IAD", "JFK", False),
        ("QQ827", "JFK", "CDG", True),
    ]
    assert manifest.border_leg == manifest.legs[2]
    assert manifest.document_keys == ("FRA:YY3478621G", "ESP:TRQWE99800")
    assert flaws(manifest) == [(51, "13Nov09", "text after UNZ")]


def test_persons_without_a_document_are_told_and_a_journey_that_crosses_no_border_has_no_such_leg() -> None:
    manifest = read(SAMPLES["multi_leg_una_star_05B"])
    assert [(leg.voyage, leg.departure_place, leg.arrival_place) for leg in manifest.legs] == [
        ("AA123", "ATL", "ORD"),
        ("AA124", "ORD", "JFK"),
    ]
    assert manifest.border_leg is None
    assert manifest.document_keys == ()
    assert flaws(manifest) == [
        (18, "NAD", "the person has no travel document"),
        (27, "NAD", "the person has no travel document"),
    ]


# --- syntax -------------------------------------------------------------------------------------------------


def test_a_list_as_the_guide_has_it_has_no_flaw() -> None:
    manifest = read(interchange(FLIGHT + PERSON + "CNT+42:1'", una="UNA:+.?*'"))
    assert manifest.flaws == ()
    assert manifest.whole
    assert manifest.document_keys == ("GBR:AB123",)
    assert manifest.persons[0].document == Document("P", "AB 123", "GBR", date(2030, 2, 18))


@pytest.mark.parametrize("una", ["UNA;|.!~#", "UNA\x1f\x1d.\x1b\x1e\x1c", "UNA:+.?*\n", "\ufeffUNA:+.?*'"])
def test_any_separators_mean_the_same(una: str) -> None:
    plain = interchange(FLIGHT + PERSON + "CNT+42:1'").decode()
    signs = una.removeprefix("\ufeff")[3:]
    other = plain.translate(str.maketrans(":+'", signs[0] + signs[1] + signs[5]))
    assert read((una + other).encode()) == read(plain.encode())


def test_separators_that_cannot_be_told_apart_are_a_flaw_and_the_usual_ones_are_read() -> None:
    manifest = read(interchange(FLIGHT + PERSON + "CNT+42:1'", una="UNA++.?*'"))
    assert flaws(manifest) == [(1, "UNA", "the separators are letters, digits, spaces or twice the same")]
    assert len(manifest.persons) == 1


def test_a_released_sign_is_data() -> None:
    name = "NAD+FL+++O?'NEIL?:?+??:JO?*HN'"
    body = FLIGHT + name + "DOC+P+1'LOC+91+GBR'CNT+42:1'"
    manifest = read(interchange(body, una="UNA:+.?*'", segments=12))
    assert (manifest.persons[0].surname, manifest.persons[0].given_names) == ("O'NEIL:+?", "JO*HN")
    assert manifest.flaws == ()


def test_lines_may_be_broken_anywhere() -> None:
    content = interchange(FLIGHT + PERSON + "CNT+42:1'").decode()
    broken = "\r\n".join(content[start : start + 7] for start in range(0, len(content), 7))
    assert read(broken.encode()) == read(content.encode())


def test_of_a_repeated_value_the_first_is_read_where_una_names_a_sign_for_it() -> None:
    body = FLIGHT + PERSON.replace("NAT+2+GBR", "NAT+2+GBR*FRA") + "CNT+42:1'"
    manifest = read(interchange(body, una="UNA:+.?*'"))
    assert manifest.persons[0].nationality == "GBR"
    assert flaws(manifest) == [(16, "NAT", "a value is repeated; only the first is read")]
    assert "'GBR*FRA' is no nationality" in said(body)


@pytest.mark.parametrize(
    ("content", "surname"), [("NAD+FL+++Müller'".encode(), "Müller"), ("NAD+FL+++Müller'".encode("latin-1"), "Müller")]
)
def test_names_are_utf_8_or_else_latin_1(content: bytes, surname: str) -> None:
    manifest = read(interchange("XXX'").replace(b"XXX'", content))
    assert manifest.persons[0].surname == surname


def test_what_cannot_be_printed_is_left_out() -> None:
    manifest = read(interchange("NAD+FL+++\x1b[31mDOE\u202e\x9b:J\x00'"))
    assert (manifest.persons[0].surname, manifest.persons[0].given_names) == ("[31mDOE", "J")
    assert "characters that cannot be printed are left out" in [flaw.message for flaw in manifest.flaws]


def test_a_value_longer_than_any_of_the_directories_is_left_out() -> None:
    manifest = read(interchange(f"NAD+FL+++DOE'DOC+P+{'9' * 513}'LOC+91+GBR'"))
    assert manifest.document_keys == ()
    assert (6, "DOC", "a value that is too long is left out") in flaws(manifest)


# --- envelope -----------------------------------------------------------------------------------------------


def test_a_file_that_ends_early_is_read_as_far_as_it_goes_but_no_cut_value_is() -> None:
    content = interchange(FLIGHT + PERSON + PERSON)
    manifest = read(content[: content.rindex(b"GBR") + 2])
    assert len(manifest.persons) == 2
    assert manifest.persons[1].document == Document("P", "AB 123", None, date(2030, 2, 18))
    assert [message for _, _, message in flaws(manifest)] == [
        "CNT is missing",
        "the segment is cut, and not read",
        "UNT is missing",
        "UNE is missing",
        "UNZ is missing",
    ]


def test_each_message_of_an_interchange_is_a_manifest_with_its_own_flaws() -> None:
    one = f"UNH+1+PAXLST:D:02B:UN:IATA'BGM+745'{FLIGHT}{PERSON}CNT+42:1'UNT+19+1'"
    two = one.replace("UNH+1", "UNH+2").replace("BGM+745", "BGM+250").replace("UNT+19+1", "UNT+18+2")
    other = "UNH+3+CUSRES:D:02B'BGM+962'UNT+3+3'"
    manifests = parse(f"UNB+UNOA:4+A+B+260228:1200+R'{one}{other}{two}UNZ+3+R'".encode())
    assert [manifest.kind for manifest in manifests] == ["passenger_list", "crew_list"]
    assert flaws(manifests[0]) == [(21, "UNH", "a message of kind 'CUSRES' is not read")]
    assert flaws(manifests[1]) == [(42, "UNT", "18 is given as the count of segments")]


def test_ends_that_are_missing_or_end_nothing_are_flaws() -> None:
    message = f"UNH+1+PAXLST:D:02B'BGM+745'{FLIGHT}"
    assert flaws(read(f"{message}UNZ+1+R'".encode())) == [
        (1, "UNH", "UNB is missing"),
        (8, "UNZ", "UNT is missing"),
        (8, "UNZ", "UNB is missing"),
    ]
    stray = f"UNB+A+A+B+260228:1200+R'LOC+1'{message}x+1'UNT+8+1'UNZ+1+R'"
    assert flaws(read(stray.encode())) == [
        (2, "LOC", "the segment is in no message"),
        (10, "x", "there is no such tag"),
        (11, "UNT", "8 is given as the count of segments"),
    ]


# --- values -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "carrier", "voyage"),
    [
        ("UA0989", "UA", "UA989"),
        ("0989", "UA", "UA989"),
        ("9W0012A", "", "9W12A"),
        ("U21234", "", "U21234"),
        ("AFL0042", "", "AFL42"),
        ("LH 400", "UA", "LH400"),
        ("0077W", "", "0077W"),
        ("su0100", "SU", "SU100"),
    ],
)
def test_a_flight_number_is_carrier_and_number_without_leading_zeros(written: str, carrier: str, voyage: str) -> None:
    leg = read(interchange(f"TDT+20+{written}+++{carrier}'LOC+92+FRA'LOC+92+IAD'")).legs[0]
    assert (leg.voyage_written, leg.voyage) == (written, voyage)


@pytest.mark.parametrize(
    ("date_text", "born"),
    [
        ("640217", date(1964, 2, 17)),
        ("260228", date(2026, 2, 28)),
        ("260301", date(1926, 3, 1)),
        ("20250101:102", date(2025, 1, 1)),
    ],
)
def test_nobody_is_born_after_the_list_was_made(date_text: str, born: date) -> None:
    assert read(interchange(f"NAD+FL+++A'DTM+329:{date_text}'")).persons[0].birth_date == born


@pytest.mark.parametrize(
    ("date_text", "expiry"),
    [("300218", date(2030, 2, 18)), ("070101", date(2007, 1, 1)), ("20610218", date(2061, 2, 18))],
)
def test_a_document_expires_within_20_years_or_in_the_century_that_is_written(date_text: str, expiry: date) -> None:
    document = read(interchange(f"NAD+FL+++A'DOC+P+1'DTM+36:{date_text}'")).persons[0].document
    assert document is not None
    assert document.expires_on == expiry


@pytest.mark.parametrize(
    ("segment", "message"),
    [
        ("DTM+329:260230'", "'260230' is no date of birth"),
        ("DTM+329:20270101'", "'20270101' is no date of birth"),
        ("DTM+329:640217:102'", "'640217' is no date of birth"),
        ("DTM+329'", "the date of birth is missing"),
        ("NAT+2+GB'", "'GB' is no nationality"),
        ("NAT+2+XYZ'", "'XYZ' is no nationality"),
        ("LOC+174+USX'", "'USX' is no state of residence"),
        ("LOC+178+Frankfurt'", "'Frankfurt' is no place of embarkation"),
        ("ATT+2++Q'", "'Q' is no sex"),
        ("DOC+P+1'LOC+91+ENG'", "'ENG' is no issuing state"),
        ("DOC+P+1'DTM+36:460101'", ""),
        ("DOC+P+1'DTM+36:470101'", "'470101' is no date of expiry"),
    ],
)
def test_a_value_that_is_none_is_left_out_and_told(segment: str, message: str) -> None:
    told = said(f"{FLIGHT}NAD+FL+++A'{segment}CNT+42:1'")
    assert [text for text in told if text != "the person has no travel document"] == [message] * bool(message)


def test_a_state_printed_in_its_own_way_is_known_by_its_code() -> None:
    assert read(interchange("NAD+FL+++A'NAT+2+D'")).persons[0].nationality == "DEU"


def test_a_document_has_the_key_of_the_subject_who_crosses_with_it() -> None:
    for number in ("AB 123", "ab\u3000123", " 4509 123456 "):
        assert Document("P", number, "GBR").key == f"GBR:{compact(number)}"


def test_a_visa_is_no_travel_document_and_its_dates_are_not_the_passports() -> None:
    visa = "DOC+V+VISA1'DTM+36:270101'LOC+91+USA'"
    assert "the person has no travel document" in said(f"NAD+FL+++A'{visa}")
    (person,) = read(interchange(f"NAD+FL+++A'{visa}DOC+P+1'LOC+91+GBR'{visa}NAT+2+FRA'")).persons
    assert person.document == Document("P", "1", "GBR")
    assert person.nationality == "FRA"


def test_those_in_transit_are_counted_with_their_kind_and_an_unknown_role_is_not_guessed() -> None:
    body = FLIGHT + "".join(f"NAD+{role}+++{role}'DOC+P+{role}'" for role in ("FL", "FM", "DDU", "DDT", "ZZ"))
    manifest = read(interchange(body + "CNT+41:2'CNT+42:2'"))
    assert [person.role for person in manifest.persons] == [
        Role.PASSENGER,
        Role.CREW,
        Role.TRANSIT_PASSENGER,
        Role.TRANSIT_CREW,
    ]
    assert [message for _, _, message in flaws(manifest)] == ["'ZZ' is no role of a person aboard"]


@pytest.mark.parametrize(
    ("begin", "kind", "function"),
    [
        ("BGM+745", "passenger_list", None),
        ("BGM+745++1", "passenger_list", "cancel"),
        ("BGM+745+CP", "passenger_list", "change"),
        ("BGM+745++5", "passenger_list", "update"),
        ("BGM+266+XF", "flight_status", "cancel"),
        ("BGM+250+C", "crew_list", None),
        ("BGM+336+G+9", "master_crew_list", "add"),
        ("BGM+999+CP", "999", None),
    ],
)
def test_kind_and_function_are_those_of_bgm(begin: str, kind: str, function: str | None) -> None:
    manifest = read(interchange(FLIGHT).replace(b"BGM+745", begin.encode()))
    assert (manifest.kind, manifest.function) == (kind, function)
    assert [flaw.tag for flaw in manifest.flaws] == (["BGM"] if kind == "999" else [])


def test_a_flight_goes_on_to_places_beyond_the_border() -> None:
    onward = FLIGHT + "LOC+92+BOS'LOC+130+LAX'LOC+188+FRA'DTM+189:2603010000:201'"
    assert [(leg.departure_place, leg.arrival_place, leg.crosses_border) for leg in read(interchange(onward)).legs] == [
        ("FRA", "IAD", True),
        ("IAD", "BOS", False),
        ("BOS", "LAX", False),
    ]


def test_a_stop_between_two_legs_has_the_time_of_arrival_and_of_departure() -> None:
    stop = FLIGHT + "DTM+189:2603012100:201'LOC+92+BOS'DTM+232:2603012230:201'"
    first, second = read(interchange(stop)).legs
    assert (second.departure_place, second.departure_local) == ("IAD", datetime.fromisoformat("2026-03-01T21:00"))
    assert first.arrival_local == datetime.fromisoformat("2026-03-01T19:10")
    assert read(interchange(stop)).border_leg == first


def test_a_flight_that_departs_twice_before_it_arrives_lacks_an_arrival() -> None:
    legs = read(interchange("TDT+20+UA1'LOC+92+FRA'LOC+125+MUC'")).legs
    assert [(leg.departure_place, leg.arrival_place) for leg in legs] == [("FRA", None), ("MUC", None)]


@pytest.mark.parametrize(
    ("flight", "messages"),
    [
        ("TDT+20'LOC+92+FRA'LOC+92+IAD'", ["the flight number is missing"]),
        ("TDT+20+UA1'", ["the flight has no place of departure", "the flight has no place of arrival"]),
        (
            "TDT+20+UA1'LOC+125+FRA'LOC+87+IAD'",
            ["the flight has no time of departure", "the flight has no time of arrival"],
        ),
        (FLIGHT.replace("2603011910", "2602281200"), ["the flight arrives before it departs"]),
        (FLIGHT.replace("2603011910", "2602281900"), []),
        (
            FLIGHT.replace("2603011910:201", "2603012510:201"),
            ["'2603012510' is no date and time", "the flight has no time of arrival"],
        ),
    ],
)
def test_a_flight_has_number_places_and_times_that_can_be(flight: str, messages: list[str]) -> None:
    assert sorted(said(flight)) == sorted(messages)


# --- whatever may come --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"UNA", b"hello", b"UNB+UNOA:4+A+B+260228:1200+1'UNZ+0+1'", b"UNH+1+CUSRES'", b"UNH+1+PAXLST'", b"\xff\x00"],
)
def test_content_without_a_list_is_refused_with_what_would_be_right(content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        parse(content)
    assert refused.value.problems[0].hint


def test_content_beyond_the_bounds_is_refused() -> None:
    for content, words in (
        (b" " * (MAX_BYTES + 1), "bytes"),
        (interchange("UNS'" * 200_001), "200,000 segments"),
        (interchange("NAD+FL'" * 10_001), "10,000 persons"),
    ):
        with pytest.raises(Invalid, match=words):
            parse(content)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A sample with some of its bytes deleted, replaced, doubled or moved."""
    content = draw(st.sampled_from(sorted(SAMPLES.values())))[:4000]
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 30)))
        piece = draw(
            st.sampled_from([b"", content[start:end] * 2, b"'", b"UNT'", b"UNB+'", b"?", b"*", b"DTM+329:0'"])
            | st.binary(max_size=5)
        )
        content = content[:start] + piece + content[end:]
    return content


@given(st.binary(max_size=300) | mutated() | st.binary(max_size=60).map(lambda junk: interchange(FLIGHT) + junk))
@example(b"UNA")
@example(b"UNA:+.?*'UNH+1+PAXLST?")
@settings(deadline=None)
def test_any_bytes_are_manifests_or_refused(content: bytes) -> None:
    try:
        manifests = parse(content)
    except Invalid as refused:
        assert "no passenger list" in refused.detail  # noqa: PT017 (to be refused is one of two right outcomes)
        return
    for manifest in manifests:
        texts = [*map(str, manifest.persons), *map(str, manifest.flaws), str(manifest.legs), manifest.sender or ""]
        assert all(text.isprintable() for text in texts)
        assert all(flaw.segment > 0 and flaw.message and flaw.right for flaw in manifest.flaws)
