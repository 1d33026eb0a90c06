"""Many rows into a table at once: what a column does to a value is asked once a table, not once a row."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Dialect, Table, insert

from app.storage.engine import Transaction

_Bind: TypeAlias = Callable[[Any], Any]


def store(tx: Transaction, table: Table, items: Sequence[object]) -> None:
    """Insert each item's attributes named as the columns are."""
    if items:
        _execute(tx, table, map(attrgetter(*table.c.keys()), items))


def store_parts(
    tx: Transaction, table: Table, parents: tuple[str, ...], items: Sequence[tuple[tuple[str, ...], object]]
) -> None:
    """As `store`, of items that each come with the values of the `parents` columns, which they have not themselves."""
    if items:
        names = table.c.keys()
        others = attrgetter(*(name for name in names if name not in parents))
        order = itemgetter(*map([*parents, *(name for name in names if name not in parents)].index, names))
        _execute(tx, table, (order((*of, *_tuple(others(item)))) for of, item in items))


def _tuple(found: Any) -> tuple[Any, ...]:  # noqa: ANN401 (of one column `attrgetter` gives the value alone)
    return found if isinstance(found, tuple) else (found,)


def _execute(tx: Transaction, table: Table, rows: Any) -> None:  # noqa: ANN401 (tuples in the order of the columns)
    sql, names, binds = _prepared(table, tx.dialect)
    bound = [[bind(value) if bind else value for bind, value in zip(binds, row, strict=True)] for row in rows]
    if tx.dialect.positional:
        tx.exec_driver_sql(sql, [tuple(row) for row in bound])
    else:
        tx.exec_driver_sql(sql, [dict(zip(names, row, strict=True)) for row in bound])


@lru_cache(maxsize=128)
def _prepared(table: Table, dialect: Dialect) -> tuple[str, tuple[str, ...], tuple[_Bind | None, ...]]:
    """The statement, the columns in the order of its parameters, and what makes a value of each the driver's own."""
    names = tuple(table.c.keys())
    binds = tuple(column.type.dialect_impl(dialect).bind_processor(dialect) for column in table.c)
    return str(insert(table).compile(dialect=dialect, column_keys=names)), names, binds
