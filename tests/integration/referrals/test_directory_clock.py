"""The directory and the clock: what has not happened yet is not taken."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts.values import format_time
from tests.support.refusals import errors
from tests.support.services.referrals import Org

AHEAD = {("observed_at", "time_in_future")}


def ahead(**by: float) -> str:
    """A time of the future."""
    return format_time(datetime.now(UTC) + timedelta(**by))


@pytest.mark.parametrize(
    ("operation", "names"),
    [
        ("patient.put", ("patient_uuid", "name")),
        ("patient.archive", ("patient_uuid",)),
        ("provider.put", ("provider_uuid", "name")),
        ("provider.archive", ("provider_uuid",)),
        ("practice.put", ("name",)),
        ("contact.put", ("contact_uuid", "name")),
        ("contact.archive", ("contact_uuid",)),
    ],
)
async def test_an_observation_of_the_future_is_refused(
    org: Org, operation: str, names: tuple[str, ...]
) -> None:
    """docs/contract/wire.md#directory: at most 5 minutes after now, or it would shut out
    the truth."""
    fields: dict[str, Any] = {name: str(uuid4()) for name in names}
    for observed_at in ("9999-12-31T23:59:59Z", "2099-12-31T00:00:00Z", ahead(minutes=6)):
        refused = await org.ask(operation, observed_at=observed_at, **fields)
        assert errors(refused) == AHEAD
    taken = await org.ask(operation, observed_at=ahead(minutes=4), **fields)
    assert taken.status in (200, 204)


async def test_after_a_refused_observation_the_record_can_be_put_right(org: Org) -> None:
    """Nothing of the refused one is held."""
    put = {"patient_uuid": str(uuid4())}
    refused = await org.ask(
        "patient.put", name="Wrong Name", observed_at="2099-12-31T00:00:00Z", **put
    )
    assert refused.status == 422
    held = await org.ask("patient.put", name="Right Name", observed_at=ahead(seconds=-1), **put)
    assert (held.status, held.data["name"], held.data["version"]) == (200, "Right Name", 1)


async def test_nobody_is_born_after_tomorrow(org: Org) -> None:
    """Tomorrow has begun in the east; all that is wrong is told at once."""
    put = {"patient_uuid": str(uuid4()), "name": "P"}
    today = datetime.now(UTC).date()
    for days, taken in ((1, True), (3, False)):
        born = (today + timedelta(days=days)).isoformat()
        asked = await org.ask("patient.put", date_of_birth=born, observed_at=ahead(), **put)
        if taken:
            assert asked.data["date_of_birth"] == born
        else:
            assert errors(asked) == {("date_of_birth", "date_in_future")}
    both = await org.ask(
        "patient.put", date_of_birth="9999-12-31", observed_at=ahead(hours=1), **put
    )
    assert errors(both) == AHEAD | {("date_of_birth", "date_in_future")}
