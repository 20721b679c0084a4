"""A visit's lists."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.edge.asking import Asking
from services.edge.desk.visit import Visit
from services.edge.http.record import Record
from services.edge.tokens.token import Token


class Listing(Visit):
    """A visit whose list has the numbers from 1, the newest first."""

    everything = 7

    async def read(self, operation: str, **fields: Any) -> Any:
        """A page of it."""
        newest_first = list(range(self.everything, 0, -1))
        start = (fields.get("page", 1) - 1) * fields["page_size"]
        items = newest_first[start : start + fields["page_size"]]
        return {"items": items, "total": self.everything}


def visit() -> Listing:
    """One of nobody: nothing else is asked of it."""
    nobody = cast(Any, SimpleNamespace())
    return Listing(
        token=cast(Token, nobody),
        org_id="org_1",
        asking=cast(Asking, nobody),
        record=Record("1", {}),
        watching=cast(Any, nobody),
        csrf="",
        path={},
        query={},
        here="",
    )


@pytest.mark.parametrize(
    ("page", "page_size", "oldest", "items", "total"),
    [
        (1, 3, None, [1, 2, 3], 7),
        (2, 3, None, [4, 5, 6], 7),
        (3, 3, None, [7], 7),
        (4, 3, None, [], 7),
        (1, 25, None, [1, 2, 3, 4, 5, 6, 7], 7),
        (1, 3, 4, [1, 2, 3], 4),
        (2, 3, 4, [4], 4),
        (1, 3, 0, [], 0),
        (1, 3, 99, [1, 2, 3], 7),
    ],
)
async def test_a_list_is_turned_round(
    page: int, page_size: int, oldest: int | None, items: list[int], total: int
) -> None:
    """Its oldest come first, page by page, and none twice; or its oldest so many alone."""
    found = await visit().oldest_first("referral.list", page, page_size, oldest)
    assert (found["items"], found["total"]) == (items, total)
