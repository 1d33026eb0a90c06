"""Identifiers of companies and containers: whether a number can be one at all, told by python-stdnum.

Separators that people write (spaces, hyphens) do not matter. A valid number is well formed; whether it is
registered is not known here.
"""

import re
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from stdnum import iso6346, lei
from stdnum.by import unp
from stdnum.cn import uscc
from stdnum.eu import vat
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidFormat, InvalidLength
from stdnum.ru import inn, ogrn

Problem: TypeAlias = Literal["format", "checksum", "length", "component"]

_LEI_LENGTH = 20
_LEI = re.compile(r"[0-9A-Z]{18}[0-9]{2}")
_CONTAINER = re.compile(r"[A-Z]{3}[UJZR][0-9]{7}")
_SEPARATORS = re.compile(r"[ -]")


def compact(number: str) -> str:
    """The number of a document or a register as it is compared: without spaces, in capitals."""
    return "".join(number.split()).upper()


def _lei(value: str) -> str:
    """Check the shape of ISO 17442 too, because stdnum takes any length and any last characters."""
    number = lei.compact(value)
    if len(number) != _LEI_LENGTH:
        raise InvalidLength
    if not _LEI.fullmatch(number):
        raise InvalidFormat
    return lei.validate(number)


def _container(value: str) -> str:
    """Check that the owner code of ISO 6346 has letters only, because stdnum takes digits."""
    number = iso6346.validate(value)
    if not _CONTAINER.fullmatch(number):
        raise InvalidFormat
    return number


_VALIDATORS: Mapping[str, Callable[[str], str]] = {
    "ru_inn": inn.validate,
    "ru_ogrn": ogrn.validate,
    "lei": _lei,
    "cn_uscc": uscc.validate,
    "by_unp": unp.validate,
    "vat": vat.validate,
    "iso6346_container": _container,
}

CHECKABLE: frozenset[str] = frozenset(_VALIDATORS)


def check(scheme: str, value: str) -> bool | None:
    """Return whether `value` is well formed; None for what cannot be checked here, such as `kz_bin`."""
    return problem(scheme, value) is None if _is_checkable(scheme, value) else None


def _is_checkable(scheme: str, value: str) -> bool:
    """Whether a verdict can be given: states outside the Union have VAT numbers too, of forms not known here."""
    if scheme == "vat":
        return _SEPARATORS.sub("", value)[:2].lower() in {*vat.MEMBER_STATES, "el"}
    return scheme in CHECKABLE


def problem(scheme: str, value: str) -> Problem | None:
    """Return what is wrong with `value`; None where nothing is, or where the scheme cannot be checked here.

    The first fault found is told: a number that is both too short and malformed has a wrong length.
    """
    if scheme not in CHECKABLE:
        return None
    try:
        _VALIDATORS[scheme](_SEPARATORS.sub("", value))
    except InvalidLength:
        return "length"
    except InvalidChecksum:
        return "checksum"
    except InvalidComponent:
        return "component"
    except ValueError:  # InvalidFormat, and int() or str.index() of stdnum on letters it does not know
        return "format"
    return None
