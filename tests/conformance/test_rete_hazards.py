"""What durable-rules was seen to get wrong, and that our use of it does not (app/backends/rete)."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.backends import reference, rete
from app.backends.rete import Rete, WrongThread, bounds, encoding, expressions
from app.backends.rete.compiling import plan
from app.backends.rete.writing import Writer
from app.language.ir import All, AnyOf, Condition, Leaf, Literal, Not, Operator
from app.language.resolve import Resolved
from app.vocabulary.codes import SubjectKind, Verdict
from app.vocabulary.fields import catalogue
from app.vocabulary.values import Facts
from bench.workload import workload
from tests import strategies

KIND: Final = SubjectKind.INDIVIDUAL
ALWAYS: Final = All(())
NEVER: Final = AnyOf(())
OPEN: Final = frozenset({Verdict.VIOLATED, Verdict.UNDETERMINED})
COLLIDING: Final = ("N01139599", "N01322382")  # the same by FNV-1a of 32 bits
BEFORE_RETE: Final = "import sys; sys.modules['durable_rules_engine'] = None; "

pytestmark = pytest.mark.skipif(rete.available() is not None, reason=str(rete.available()))


def asks(path: str, operator: Operator, *values: Any) -> Leaf:  # noqa: ANN401 (any constant)
    return Leaf(catalogue(KIND)[path], operator, tuple(map(Literal, values)), strategies.HERE)


def rule(applies: Condition, holds: Condition = NEVER) -> Resolved:
    return strategies.resolved(KIND, applies, holds)


def truly_open(rules: Sequence[Resolved], facts: Facts) -> frozenset[int]:
    return frozenset(n for n, each in enumerate(rules) if reference.verdict(each, facts) in OPEN)


@contextmanager
def loaded(rules: Sequence[Resolved]) -> Iterator[Rete]:
    engine = Rete(rules)
    try:
        yield engine
    finally:
        engine.close()


def run(*arguments: str) -> dict[str, float]:
    """Run in a process of its own, which may die."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


# --- values -------------------------------------------------------------------------------------------------


def test_texts_that_collide_in_the_librarys_hash_stay_apart() -> None:
    rules = [rule(asks("document.number", Operator.IS, each)) for each in COLLIDING]
    with loaded(rules) as engine:
        for position, number in enumerate(COLLIDING):
            assert engine.nominate({"document.number": number}) == {position}
        assert engine.nominate({}) == {0, 1}


@pytest.mark.parametrize("value", ["5", 5, "1", 1, True, "true", 0, False, "", "0"])
def test_values_of_different_types_are_as_different_as_for_the_reference(value: Any) -> None:  # noqa: ANN401
    constants: list[tuple[str, Any]] = [
        *(("document.number", each) for each in ("5", "1", "true", "")),
        *(("subject.accompanied", each) for each in (True, False)),
    ]
    if not isinstance(value, str):
        constants += (("subject.age_years", each) for each in (0, 1, 5))
    rules = [
        rule(asks(path, operator, each)) for path, each in constants for operator in (Operator.IS, Operator.IS_NOT)
    ]
    with loaded(rules) as engine:
        facts = dict.fromkeys(("document.number", "subject.age_years", "subject.accompanied"), value)
        assert engine.nominate(facts) == truly_open(rules, facts)


@pytest.mark.parametrize(
    "value",
    [
        2**63 - 1,
        2**63,
        -(2**63) - 1,
        2**80,
        Decimal("1e22"),
        Decimal("1E-9"),
        Decimal("39999.9995"),
        40_000,
        Decimal(40000),
    ],
)
def test_numbers_of_any_size_and_fineness_compare_exactly(value: Any) -> None:  # noqa: ANN401
    limits = [0, 40_000, Decimal("39999.9995"), 2**63, 2**80, Decimal("1e22")]
    operators = (Operator.IS, Operator.IS_NOT, Operator.BELOW, Operator.AT_MOST, Operator.ABOVE, Operator.AT_LEAST)
    rules = [rule(asks("vehicle.gross_weight_kg", operator, each)) for operator in operators for each in limits]
    with loaded(rules) as engine:
        facts = {"vehicle.gross_weight_kg": value}
        assert engine.nominate(facts) == truly_open(rules, facts)


def test_instants_a_microsecond_apart_are_told_apart() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    tick = timedelta(microseconds=1)
    operators = (Operator.IS, Operator.BEFORE, Operator.ON_OR_BEFORE, Operator.AFTER, Operator.ON_OR_AFTER)
    rules = [rule(asks("crossing.occurred_at", operator, noon)) for operator in operators]
    with loaded(rules) as engine:
        for instant in (noon - tick, noon, noon + tick, datetime.min.replace(tzinfo=UTC)):
            facts = {"crossing.occurred_at": instant}
            assert engine.nominate(facts) == truly_open(rules, facts)


@settings(max_examples=60)
@given(data=st.data())
def test_the_c_code_is_given_nothing_but_names_of_ours_and_small_integers(data: st.DataObject) -> None:
    rules = data.draw(st.lists(strategies.resolved_rules(KIND), min_size=1, max_size=4))
    text = data.draw(st.text())
    encoded = encoding.Encoding(rules)
    plans = plan(rules, encoded)
    facts = data.draw(strategies.facts(KIND, rules))
    hostile = {path: text if isinstance(value, str) else value for path, value in facts.items()}
    for each in plans:
        members = Writer(each).members(encoded.codes(hostile))
        assert re.fullmatch(r'(,"[ns]\d+":-?\d{1,10})*', members)
        names = [name for name, _ in json.loads("{" + members[1:] + "}", object_pairs_hook=list)]
        assert len(set(names)) == len(names) <= each.bounds.properties - 3


# --- sizes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("facts", [{"subject.age_years": 10_000}, {}, {"subject.age_years": 70}])
def test_a_hundred_and_fifty_rules_fire_on_one_event(facts: Facts) -> None:
    rules = [rule(asks("subject.age_years", Operator.ABOVE, age)) for age in range(150)]
    with loaded(rules) as engine:
        assert engine.nominate(facts) == truly_open(rules, facts)


def test_three_hundred_rules_that_ask_the_same_all_fire() -> None:
    rules = [rule(asks("crossing.direction", Operator.IS, "entry"))] * 300
    with loaded(rules) as engine:
        assert engine.nominate({"crossing.direction": "entry"}) == frozenset(range(300))
        assert engine.nominate({"crossing.direction": "exit"}) == frozenset()


def test_lists_of_fifteen_hundred_codes_are_told_apart_at_their_last_member() -> None:
    codes = [f"{number:06}" for number in range(1500)]
    rules = [
        rule(asks("document.number", operator, frozenset(codes[:size])))
        for operator in (Operator.IN, Operator.NOT_IN)
        for size in (1, 512, 1499, 1500)
    ]
    with loaded(rules) as engine:
        for number in ("000000", "000511", "000512", "001499", "001500", "else"):
            facts = {"document.number": number}
            assert engine.nominate(facts) == truly_open(rules, facts)


@pytest.mark.parametrize("path", ["crossing.checkpoint", "document.number"])
def test_a_property_may_be_compared_with_six_hundred_values(path: str) -> None:
    values = [f"V{number}" for number in range(600)]
    several = rule(AnyOf(tuple(asks(path, Operator.IS, each) for each in values)))
    rules = [*(rule(asks(path, Operator.IS, each)) for each in values), several, rule(Not(several.applies))]
    with loaded(rules) as engine:
        for value in ("V0", "V599", "V600"):
            assert engine.nominate({path: value}) == truly_open(rules, {path: value})


def test_a_thousand_rules_agree_with_the_reference() -> None:
    made = workload(1000, 30)
    with loaded(made.rules) as engine:
        for facts in made.events:
            assert engine.nominate(facts) == truly_open(made.rules, facts)


def test_a_rule_too_large_for_the_c_code_is_still_exact() -> None:
    ages = [
        AnyOf((asks("subject.age_years", Operator.BELOW, age), asks("subject.age_years", Operator.ABOVE, age)))
        for age in range(200)
    ]
    rules = [rule(All(tuple(ages))), rule(ALWAYS, All(tuple(ages))), rule(All(tuple(ages)), NEVER)]
    with loaded(rules) as engine:
        for facts in ({"subject.age_years": 199}, {"subject.age_years": 200}, {}):
            assert engine.nominate(facts) == truly_open(rules, facts)


# --- proof --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [50, 200, 1000])
def test_every_ruleset_is_proven_to_be_within_the_bounds(size: int) -> None:
    with loaded(workload(size, 1).rules) as engine:
        assert sum(each.rules for each in engine.proof) == size
        for each in engine.proof:
            assert each.exceeded is None
            assert each.paths <= 60
            assert each.branches < 500
            assert each.properties < 250


@pytest.mark.parametrize("paths", [60, 64, 65])
def test_the_proof_counts_paths_as_the_c_code_does(paths: int) -> None:
    engine = pytest.importorskip("durable_rules_engine")
    asked = [expressions.Test(f"n{number}", "$eq", 1) for number in range(paths)]
    assert bounds.bounds(asked, ()).paths == paths
    rules = {str(n): {"all": [{"m": expressions.definition(each, {})}]} for n, each in enumerate(asked)}
    handle = engine.create_ruleset(f"proof-{paths}", json.dumps(rules))
    fact = json.dumps({"id": "1", "sid": "0", **{each.name: 1 for each in asked}})
    if paths <= 64:
        assert engine.assert_fact(handle, fact)[0] == 0
    else:
        with pytest.raises(Exception, match="303"):
            engine.assert_fact(handle, fact)


@pytest.mark.parametrize(
    ("rules", "names", "what"),
    [
        ([expressions.Test(f"n{n}", "$eq", 1) for n in range(61)], (), "paths 61"),
        ([expressions.Test("n0", "$eq", n) for n in range(500)], (), "rules 500"),
        ([expressions.Either(tuple(expressions.Test("n0", "$eq", n) for n in range(500)))], (), "branches 500"),
        ([expressions.Test("n0", "$eq", 2**31)], (), "largest"),
        ([], [f"n{n}" for n in range(250)], "properties 250"),
        ([], COLLIDING, "same_hash True"),
    ],
)
def test_a_ruleset_beyond_a_bound_is_refused_by_name(
    rules: list[expressions.Expression], names: Sequence[str], what: str
) -> None:
    assert str(bounds.bounds(rules, names).exceeded).startswith(what)


# --- time, memory, threads ----------------------------------------------------------------------------------


def test_fifty_thousand_events_leave_memory_flat_and_every_answer_right() -> None:
    answer = run("-m", "bench.rete_memory", "events", "50000")
    assert answer["wrong"] == 0
    assert answer["end"] < answer["warm"] * 1.05


def test_reloading_leaves_memory_flat() -> None:
    answer = run("-m", "bench.rete_memory", "reloads", "80")
    assert answer["wrong"] == 0
    assert answer["end"] < answer["warm"] * 1.05


def test_the_same_facts_twice_in_a_row_get_the_same_answer() -> None:
    made = workload(50, 20)
    with loaded(made.rules) as engine:
        for facts in made.events:
            assert engine.nominate(facts) == engine.nominate(facts) == truly_open(made.rules, facts)


def test_a_second_thread_is_refused() -> None:
    with loaded([rule(ALWAYS)]) as engine, ThreadPoolExecutor(1) as other:
        assert engine.nominate({}) == {0}
        with pytest.raises(WrongThread, match="belongs to thread"):
            other.submit(engine.nominate, {}).result()
        assert engine.nominate({}) == {0}


def test_eight_clients_are_served_by_one_owning_thread() -> None:
    made = workload(50, 200)
    right = [truly_open(made.rules, facts) for facts in made.events]
    with ThreadPoolExecutor(1) as owner, ThreadPoolExecutor(8) as clients:
        engine = owner.submit(Rete, made.rules).result()
        answers = clients.map(lambda facts: owner.submit(engine.nominate, facts).result(), made.events)
        assert list(answers) == right
        owner.submit(engine.close).result()


def test_a_text_where_a_number_should_be_nominates_every_rule() -> None:
    with loaded([rule(asks("subject.age_years", Operator.BELOW, 18)), rule(NEVER)]) as engine:
        assert engine.nominate({"subject.age_years": "5"}) == {0, 1}


def test_a_field_that_should_always_be_known_but_is_not_nominates_every_rule() -> None:
    rules = [rule(asks("crossing.direction", Operator.IS, "entry")), rule(NEVER)]
    with loaded(rules) as engine:
        assert engine.nominate({}) == engine.nominate({"crossing.direction": None}) == {0, 1}


def test_without_the_c_extension_it_says_why_and_the_rest_can_still_be_imported() -> None:
    script = "import json; from app.backends import rete; print(json.dumps({'why': rete.available()}))"
    assert "cannot be imported" in str(run("-c", BEFORE_RETE + script)["why"])
