"""Rows by their keys: each is looked up in an index, whatever the planner believes of the table.

Left to choose, PostgreSQL reads all rows of an org for each statement: where a table has no
statistics yet, where the plan that it keeps is of the time when the table was nearly empty, and
where it takes columns for independent. A lateral subquery with a limit or an offset is not merged
into what is around it: the keys are taken one by one, in their order.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ARRAY, Column, Select, bindparam, column, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased


def rows_by_keys(
    rows: Select[*tuple[Any, ...]],
    columns: Sequence[Column[Any] | InstrumentedAttribute[Any]],
    *,
    model: type[Any] | None = None,
    several: bool = False,
) -> Select[*tuple[Any, ...]]:
    """The statement that finds `rows` by the values of these columns: one text for any number of
    keys, so that it is made and prepared once. `keys` makes what it is executed with.

    `rows` are of one table; `model`: they come as its objects. `several`: a key may have more than
    one row. Rows that are locked are locked in the order of the keys, and those of one key in that
    of `rows`.
    """
    asked = (
        func.unnest(*(bindparam(f"key_{n}", type_=ARRAY(c.type)) for n, c in enumerate(columns)))
        .table_valued(*(column(c.key, c.type) for c in columns), name="asked")
        .render_derived()
    )
    of_key = rows.where(*(c == asked.c[c.key] for c in columns))
    found = (of_key.offset(0) if several else of_key.limit(1)).lateral("found")
    chosen = found if model is None else aliased(model, found)
    return select(chosen).select_from(asked).join(found, true())


def keys(wanted: Iterable[tuple[Any, ...]]) -> dict[str, list[Any]]:
    """The keys that are asked for: at least one."""
    return {f"key_{n}": list(values) for n, values in enumerate(zip(*wanted, strict=True))}
