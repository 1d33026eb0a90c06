"""Machine readable zones of travel documents and visas, after ICAO Doc 9303 parts 3 to 7, by own code.

- reading: `layout` (TD1, TD2, TD3, MRV-A, MRV-B) > `parsing` (fields, check digits) > `dates` (centuries)
- writing: `names` (transliterated, truncated) > `composing` (lines with their check digits)
"""

from app.vocabulary.mrz.composing import compose
from app.vocabulary.mrz.dates import birth_date_on, expiry_date_on
from app.vocabulary.mrz.errors import MrzError
from app.vocabulary.mrz.fields import Mrz, MrzFields
from app.vocabulary.mrz.layout import Format, check_digit
from app.vocabulary.mrz.names import transliterate
from app.vocabulary.mrz.parsing import parse

__all__ = [
    "Format",
    "Mrz",
    "MrzError",
    "MrzFields",
    "birth_date_on",
    "check_digit",
    "compose",
    "expiry_date_on",
    "parse",
    "transliterate",
]
