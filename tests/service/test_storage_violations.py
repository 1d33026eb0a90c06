"""Officers find what they ask for, all of it, once, in order."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event, update

from app.crossings import records as crossing_records
from app.errors import Invalid, NotFound
from app.storage.engine import Transaction, reading, transaction
from app.storage.tables import decisions
from app.violations import records
from app.violations.paging import Sort
from app.violations.records import Filters, Violation
from app.vocabulary.codes import Regime, Severity, SubjectKind, ViolationStatus
from tests.service.rows import NOW, crossing, decision, finding, identifier, prepare, violation

Store = Callable[..., Violation]

# Few values, so that ties are common: it is in ties that pages go wrong.
places = st.tuples(st.integers(0, 2), st.integers(0, 2), st.sampled_from(Severity))


@contextmanager
def _trial(engine: Engine) -> Iterator[tuple[Transaction, Store]]:
    """A transaction that comes to nothing, and a function that stores a violation in it, in a crossing of its own."""
    with engine.connect() as tx:
        credential = prepare(tx)

        def store(event_id: str | None = None, **changes: Any) -> Violation:  # noqa: ANN401 (any attribute)
            found = finding()
            made = crossing(credential, decision([found]))
            made = replace(made, event_id=event_id or made.event_id)
            crossing_records.store(tx, [made])
            stored = violation(made, found, **changes)
            records.store(tx, [stored])
            return stored

        yield tx, store
        tx.rollback()


def _placed(store: Store, place: tuple[int, int, Severity]) -> Violation:
    occurred, updated, severity = place
    return store(
        occurred_at=NOW + timedelta(microseconds=occurred),
        updated_at=NOW + timedelta(microseconds=updated),
        severity=severity,
    )


def _expected_order(sort: Sort) -> Callable[[Violation], tuple[object, ...]]:
    ranks = list(Severity)
    keys: dict[str, Callable[[Violation], tuple[object, ...]]] = {
        "occurred_at": lambda v: (v.occurred_at, v.id),
        "updated_at": lambda v: (v.updated_at, v.id),
        "severity": lambda v: (ranks.index(v.severity), v.occurred_at, v.id),
    }
    return keys[sort.removeprefix("-")]


def _pages(tx: Transaction, sort: Sort, limit: int, between: Callable[[], object] = lambda: None) -> list[Violation]:
    items: list[Violation] = []
    cursor = None
    while True:
        page = records.search(tx, Filters(), sort, limit, cursor)
        assert len(page.items) <= limit
        items += [item.violation for item in page.items]
        if page.next_cursor is None:
            return items
        cursor = page.next_cursor
        between()


@given(stored=st.lists(places, max_size=12), sort=st.sampled_from(Sort), limit=st.integers(1, 5))
def test_pages_put_together_are_all_items_in_order(
    module_engine: Engine, stored: list[tuple[int, int, Severity]], sort: Sort, limit: int
) -> None:
    with _trial(module_engine) as (tx, store):
        made = [_placed(store, place) for place in stored]
        found = _pages(tx, sort, limit)
    assert found == sorted(made, key=_expected_order(sort), reverse=sort.startswith("-"))


@given(
    stored=st.lists(places, min_size=1, max_size=8),
    arriving=st.lists(places, max_size=8),
    sort=st.sampled_from(Sort),
    limit=st.integers(1, 3),
)
def test_what_arrives_between_pages_neither_repeats_nor_hides_an_item(
    module_engine: Engine,
    stored: list[tuple[int, int, Severity]],
    arriving: list[tuple[int, int, Severity]],
    sort: Sort,
    limit: int,
) -> None:
    with _trial(module_engine) as (tx, store):
        made = [_placed(store, place) for place in stored]
        waiting = iter(arriving)

        def arrive() -> None:
            if (place := next(waiting, None)) is not None:
                _placed(store, place)

        found = [item.id for item in _pages(tx, sort, limit, arrive)]
    assert len(found) == len(set(found))
    assert {each.id for each in made} <= set(found)


FILTERED = [
    (
        "status",
        {"status": ViolationStatus.OPEN},
        {"status": ViolationStatus.CLOSED},
        {"status": (ViolationStatus.OPEN,)},
    ),
    ("rule", {"rule": "A"}, {"rule": "B"}, {"rule": ("A", "C")}),
    ("regime", {"regime": Regime.STAY}, {"regime": Regime.CARGO}, {"regime": (Regime.STAY,)}),
    ("jurisdiction", {"jurisdiction": "RUS"}, {"jurisdiction": "KAZ"}, {"jurisdiction": ("RUS", "CHN")}),
    ("severity", {"severity": Severity.GRAVE}, {"severity": Severity.MINOR}, {"severity": (Severity.GRAVE,)}),
    ("checkpoint", {"checkpoint": "RUS-A"}, {"checkpoint": "RUS-B"}, {"checkpoint": ("RUS-A",)}),
    (
        "subject_kind",
        {"subject_kind": SubjectKind.LEGAL_ENTITY},
        {"subject_kind": SubjectKind.INDIVIDUAL},
        {"subject_kind": (SubjectKind.LEGAL_ENTITY,)},
    ),
    ("subject", {"subject_key": "CHN:1"}, {"subject_key": None}, {"subject": ("CHN:1", "CHN:2")}),
    ("occurred_from", {"occurred_at": NOW}, {"occurred_at": NOW - timedelta.resolution}, {"occurred_from": NOW}),
    ("occurred_until", {"occurred_at": NOW - timedelta.resolution}, {"occurred_at": NOW}, {"occurred_until": NOW}),
    ("updated_since", {"updated_at": NOW}, {"updated_at": NOW - timedelta.resolution}, {"updated_since": NOW}),
    ("q in a rule", {"rule": "RUS-STAY-7"}, {}, {"q": "stay-7"}),
    ("q in a checkpoint", {"checkpoint": "RUS-ZABAYKALSK-2"}, {}, {"q": "kalsk-2"}),
    ("q in a subject", {"subject_key": "KAZ:N777"}, {"subject_key": None}, {"q": "n777"}),
    ("q in an event", {"event_id": "abc%_\\d"}, {"event_id": "abcxyzd"}, {"q": "BC%_\\"}),
]


@pytest.mark.parametrize(
    ("wanted", "other", "asked"), [each[1:] for each in FILTERED], ids=[each[0] for each in FILTERED]
)
def test_a_filter_finds_what_fits_and_nothing_else(
    module_engine: Engine, wanted: dict[str, Any], other: dict[str, Any], asked: dict[str, Any]
) -> None:
    with _trial(module_engine) as (tx, store):
        fitting = store(**wanted)
        store(**other)
        assert [item.violation for item in records.search(tx, Filters(**asked)).items] == [fitting]


@pytest.mark.parametrize("sort", Sort)
def test_several_values_of_a_filter_make_one_queue_in_order(module_engine: Engine, sort: Sort) -> None:
    with _trial(module_engine) as (tx, store):
        placed = [
            {"occurred_at": NOW + timedelta(hours=hour), "updated_at": NOW - timedelta(hours=hour)} for hour in range(9)
        ]
        open_, closed, other = ViolationStatus.OPEN, ViolationStatus.CLOSED, ViolationStatus.CONFIRMED
        made = [store(status=(open_, closed, other)[hour % 3], **place) for hour, place in enumerate(placed)]
        asked, pages, cursor = Filters(status=(open_, closed, open_)), list[Violation](), None
        while True:
            page = records.search(tx, asked, sort, 2, cursor)
            pages += [item.violation for item in page.items]
            if (cursor := page.next_cursor) is None:
                break
        fitting = [each for each in made if each.status is not other]
        assert pages == sorted(fitting, key=_expected_order(sort), reverse=sort.startswith("-"))


PLANNED = [
    Filters(),
    Filters(status=(ViolationStatus.OPEN,)),
    Filters(rule=("A",)),
    Filters(regime=(Regime.STAY,)),
    Filters(jurisdiction=("RUS",)),
    Filters(severity=(Severity.GRAVE,)),
    Filters(checkpoint=("RUS-A",)),
    Filters(subject_kind=(SubjectKind.INDIVIDUAL,)),
    Filters(subject=("CHN:1",)),
    Filters(status=(ViolationStatus.OPEN,), occurred_from=NOW - timedelta(days=1), occurred_until=NOW),
]


@pytest.mark.parametrize("filters", PLANNED, ids=str)
@pytest.mark.parametrize("module_database_url", ["sqlite"], indirect=True)
def test_a_page_deep_in_the_queue_is_read_from_an_index_without_sorting(
    module_engine: Engine, filters: Filters
) -> None:
    ran: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        ran.append((statement, parameters))

    event.listen(module_engine, "before_cursor_execute", note)
    with reading(module_engine) as tx:
        records.search(tx, filters, cursor=_cursor(Sort.NEWEST, NOW, identifier()))
        event.remove(module_engine, "before_cursor_execute", note)
        statement, parameters = ran[-1]
        plan = [row.detail for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert plan[0].startswith("SEARCH violations USING INDEX")
    assert not any("TEMP B-TREE" in step for step in plan)


def test_of_several_filters_all_must_fit(module_engine: Engine) -> None:
    with _trial(module_engine) as (tx, store):
        both = store(rule="A", checkpoint="RUS-A")
        store(rule="A")
        store(checkpoint="RUS-A")
        page = records.search(tx, Filters(rule=("A",), checkpoint=("RUS-A",)))
        assert [item.violation for item in page.items] == [both]


def test_no_filter_finds_all_newest_first_with_the_senders_names(module_engine: Engine) -> None:
    with _trial(module_engine) as (tx, store):
        older = store(event_id="E-1", occurred_at=NOW - timedelta(days=1))
        newer = store(event_id="E-2")
        page = records.search(tx, Filters())
        assert [(i.violation, i.source, i.violation.event_id) for i in page.items] == [
            (newer, "lane-3", "E-2"),
            (older, "lane-3", "E-1"),
        ]
        assert page.next_cursor is None


def test_a_violation_comes_with_the_explanation_of_its_finding(module_engine: Engine) -> None:
    with _trial(module_engine) as (tx, store):
        stored = store()
        place, why = stored.subject_position, {"why": "so"}
        told = [{"violation": None}, {"violation": stored.id, "subject": {"index": place}, "explanation": why}]
        facts = [{"subject.kind": each.value, "place": str(number)} for each in SubjectKind for number in range(2)]
        here = update(decisions).where(decisions.c.crossing == stored.crossing)
        tx.execute(here.values(answer=orjson.dumps({"findings": told}), facts=facts))
        detail = records.get(tx, stored.id)
        of = crossing_records.get(tx, stored.crossing).decisions[0]
        assert detail.listed.violation == stored
        assert (detail.decision, detail.rulebook, detail.explanation) == (of.id, of.rulebook, why)
        assert detail.facts == {"subject.kind": stored.subject_kind, "place": str(place)}


def test_a_violation_that_is_not_there_is_not_found(module_engine: Engine) -> None:
    for name in (identifier(), "", "\x00", "\ud800"):
        with pytest.raises(NotFound), reading(module_engine) as tx:
            records.get(tx, name)


def test_storing_nothing_is_no_fault(module_engine: Engine) -> None:
    with transaction(module_engine) as tx:
        records.store(tx, [])
    with reading(module_engine) as tx:
        assert records.search(tx, Filters()).items == ()


def _cursor(*parts: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode()


BAD_CURSORS = {
    "text": "no cursor",
    "empty": "",
    "not ASCII": "кура",
    "not JSON": base64.urlsafe_b64encode(b"[").decode(),
    "not a list": base64.urlsafe_b64encode(b"7").decode(),
    "nothing in it": _cursor(),
    "another sort": _cursor("severity", "grave", NOW, "id"),
    "too short": _cursor("-occurred_at", NOW),
    "too long": _cursor("-occurred_at", NOW, "id", "id"),
    "no instant": _cursor("-occurred_at", "yesterday", "id"),
    "an instant without an offset": _cursor("-occurred_at", "2026-03-01T00:00:00", "id"),
    "a number": _cursor("-occurred_at", 7, "id"),
    "no text": _cursor("-occurred_at", NOW, ["id"]),
    "a NUL": _cursor("-occurred_at", NOW, "\x00"),
}


@pytest.mark.parametrize("cursor", BAD_CURSORS.values(), ids=BAD_CURSORS)
def test_a_cursor_that_no_page_ended_in_is_refused(module_engine: Engine, cursor: str) -> None:
    with pytest.raises(Invalid) as raised, reading(module_engine) as tx:
        records.search(tx, Filters(), cursor=cursor)
    assert [problem.pointer for problem in raised.value.problems] == ["cursor"]


@given(cursor=st.text(max_size=40) | st.binary(max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_no_text_at_all_as_a_cursor_does_worse_than_being_refused(module_engine: Engine, cursor: str) -> None:
    with pytest.raises(Invalid), reading(module_engine) as tx:
        records.search(tx, Filters(), cursor=cursor)


@pytest.mark.parametrize("text", ["\x00", "\ud800"])
@pytest.mark.parametrize("name", ["assignee", "rule", "jurisdiction", "checkpoint", "subject", "q"])
def test_text_that_no_database_takes_is_refused_and_its_filter_named(
    module_engine: Engine, name: str, text: str
) -> None:
    filters = Filters(**{name: text if name == "q" else (text,)})  # type: ignore[arg-type]
    with pytest.raises(Invalid) as raised, reading(module_engine) as tx:
        records.search(tx, filters)
    assert [problem.pointer for problem in raised.value.problems] == [name]


@pytest.mark.parametrize("limit", [0, -1, records.LARGEST_PAGE + 1])
def test_a_page_of_no_sensible_size_is_refused(module_engine: Engine, limit: int) -> None:
    with pytest.raises(Invalid, match="limit"), reading(module_engine) as tx:
        records.search(tx, Filters(), limit=limit)
