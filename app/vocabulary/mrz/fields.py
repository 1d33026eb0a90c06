"""What a machine readable zone says: the fields of Doc 9303 under their standard names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.vocabulary.mrz.layout import Format


@dataclass(frozen=True, slots=True, kw_only=True)
class MrzFields:
    """The content of a zone, without fillers at the ends.

    Dates are six characters as printed (YYMMDD, `<` for what is unknown; no century). `issuer` and
    `nationality` are as printed, so Germany is `D`. Names are in MRZ letters, a space between their parts.
    `optional_data` is the personal number on TD3; `optional_data_2` exists on TD1 only.
    """

    document_code: str
    issuer: str
    surname: str
    given_names: str
    document_number: str
    nationality: str
    birth_date: str
    sex_printed: str
    expiry_date: str
    optional_data: str = ""
    optional_data_2: str = ""

    @property
    def sex(self) -> Literal["M", "F", "X"] | None:
        """M, F, X for unspecified (printed `<`), None for a character that Doc 9303-3 does not know."""
        match self.sex_printed:
            case "M" | "F" | "X" as sex:
                return sex
            case "<":
                return "X"
            case _:
                return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mrz(MrzFields):
    """A zone as read: its format, its fields, and which of its check digits hold.

    `checks` has, in the order they are printed: document_number, birth_date, expiry_date, personal_number
    (TD3 only), composite (not on visas).
    """

    format: Format
    document_number_check: str
    checks: Mapping[str, bool] = field(hash=False)

    @property
    def valid(self) -> bool:
        """Whether every check digit holds."""
        return all(self.checks.values())
