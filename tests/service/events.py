"""Whole events of the wire model for property tests, and what is left of one when members are left out.

Made from the model itself, so that a new member is generated without a change here. Values come from small pools, so
that comparisons meet; the machine readable zone is none or unknown, for it says more the more is given beside it.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel

from app.vocabulary.wire import Crossing, Observation

_STATES: Final = ("RUS", "CHN", "KAZ", "IND", "LTU")
_DAYS: Final = ("1990-04-02", "2015-06-01", "2025-12-02", "2026-02-28", "2026-03-01", "2026-03-05", "2030-01-01")
_INSTANTS: Final = ("2026-02-28T20:00:00Z", "2026-03-01T09:15:00+09:00", "2026-03-01T12:00:00+02:00")
_NAMED: Final[dict[str, tuple[Any, ...]]] = {
    "checkpoint": ("RUS-ZABAYKALSK", "CHN-ALASHANKOU", "LTU-KYBARTAI"),
    "occurred_at": _INSTANTS,
    **dict.fromkeys(("nationality", "issuer", "residence", "country", "territory"), _STATES),
    "distinguishing_sign": ("CHN", "RUS", "XX"),
    "plate": ("A123BC",),
    "containers": (["CSQU3054383"], ["CSQU3054384"], []),
    "identifiers": ({"ru_inn": "7707083893"}, {"ru_inn": "1234567890"}, {"vat": "X1"}, {}),
    "hs": ("870899", "999999"),
    "un_number": ("1263", "0004", "9999"),
    "source": ("generated",),
    "mrz": (None,),
    "person": (0,),
    "organization": (0,),
    "max_gross_weight_kg": (20000, 44000),
    "gross_weight_kg": (3500, 38000, 44000.5),
    "persons_aboard": (1, 2),
    "voyage": ("UA0989",),
}
_ITEMS: Final = {"persons": (1, 2), "organizations": (1, 1)}


def events() -> st.SearchStrategy[dict[str, Any]]:
    """Events in which no member is left out."""
    return _objects(Crossing)


@st.composite
def less(draw: st.DrawFn, whole: dict[str, Any], model: type[BaseModel] = Crossing) -> dict[str, Any]:
    """The event with any of the members left out that may be; what is `null` stays so, or goes."""
    optional = [name for name, info in model.model_fields.items() if not info.is_required()]
    # Whom the observations name must stay, and so must a subject.
    gone = draw(st.sets(st.sampled_from(optional), max_size=4)) if optional else set()
    if {"persons", "organizations"} <= gone:
        gone -= {"organizations", "observations"}
    if gone & {"persons", "organizations"}:
        gone |= {"observations"} & set(whole)
    return {
        name: draw(_fewer(value, model.model_fields[name].annotation))
        for name, value in whole.items()
        if name not in gone
    }


def _fewer(value: Any, annotation: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 (any member)
    inner = _model(annotation)
    if inner is None or not value:
        return st.just(value)
    return (
        less(value, inner) if isinstance(value, dict) else st.tuples(*(less(each, inner) for each in value)).map(list)
    )


def _objects(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    members = {name: _values(name, info.annotation) for name, info in model.model_fields.items()}
    if model is not Observation:
        return st.fixed_dictionaries(members)
    # It concerns one subject.
    other = st.sampled_from(["person", "organization"])
    return st.builds(
        lambda whole, gone: {name: whole[name] for name in whole if name != gone}, st.fixed_dictionaries(members), other
    )


def _values(name: str, annotation: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 (any annotation)
    parts = _union(annotation)
    nullable = NoneType in parts
    (kind,) = (part for part in parts if part is not NoneType)
    if name in _NAMED:
        values = st.sampled_from(_NAMED[name])
    elif get_origin(kind) is list:
        least, most = _ITEMS.get(name, (0, 1))
        values = st.lists(_values("", get_args(kind)[0]), min_size=least, max_size=most)
    else:
        values = _scalars(kind)
    return st.one_of(values, values, values, st.none()) if nullable else values


def _scalars(kind: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 (any annotation)
    if issubclass(kind, BaseModel):
        return _objects(kind)
    if issubclass(kind, StrEnum):
        return st.sampled_from([each.value for each in kind])
    pools: dict[type, tuple[Any, ...]] = {
        bool: (False, True),
        AwareDatetime: _INSTANTS,
        date: _DAYS,
        Decimal: (1, 40.5),
        str: ("A1", "B2"),
    }
    return st.sampled_from(pools[kind])


def _union(annotation: Any) -> tuple[Any, ...]:  # noqa: ANN401 (any annotation)
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in {Union, UnionType}:
        return tuple(part for each in get_args(annotation) for part in _union(each))
    return (annotation,)


def _model(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 (any annotation)
    for part in _union(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
        if get_origin(part) is list:
            return _model(get_args(part)[0])
    return None
