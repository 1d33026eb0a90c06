"""What a fact can be, once an event has been read.

A fact that is not in the mapping is unknown. `None` says that there is none, which is a known fact. Everything else
is a value of the field's type. Records (permits, cargo, observations, findings) are mappings of the same form, keyed
by the field's full path, so that a condition reads a record as it reads an event.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

Scalar: TypeAlias = str | bool | int | Decimal | date | datetime
Record: TypeAlias = Mapping[str, "Scalar | tuple[str, ...] | None"]
Value: TypeAlias = Scalar | tuple[str, ...] | tuple[Record, ...] | None
Facts: TypeAlias = Mapping[str, Value]
