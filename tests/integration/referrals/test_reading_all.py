"""Whoever reads a list by cursor misses nothing, whatever is written meanwhile."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from messaging.replies.client import Client, open_client
from tests.integration.referrals.marketing import Marketing
from tests.support.services.reading_all import (
    Writer,
    Writes,
    for_every_way,
    read_all,
    read_while_written,
    stretches,
)
from tests.support.services.referrals import Org, Referrals


@pytest_asyncio.fixture(scope="module")
async def another(referrals: Referrals) -> AsyncIterator[Client]:
    """Another client, with a connection of its own."""
    async with open_client(referrals.rabbitmq_url) as client:
        yield client


class Rows(Writer):
    """An org's rows in a list, changed under the versions that they have."""

    list_: str
    filters: dict[str, Any]

    def __init__(self, org: Marketing) -> None:
        self.org = org
        self.versions: dict[UUID, int] = {}

    async def prepare(self) -> None:
        """What the rows hang on."""
        self.filters = {}

    async def made(self, operation: str, id_: UUID, **fields: Any) -> None:
        answered = await self.org.ask(operation, id=str(id_), **fields)
        assert answered.status == 201, answered
        self.versions[id_] = 1

    async def done(self, operation: str, id_: UUID, **fields: Any) -> None:
        answered = await self.org.ask(operation, base_version=self.versions[id_], **fields)
        assert answered.status in (200, 204), answered
        if answered.data is not None:
            self.versions[id_] = answered.data["version"]


class Partners(Rows):
    """Those that are active; each has a new name after each change, at either end of the pages."""

    list_ = "referral_partner.list"

    async def prepare(self) -> None:
        self.filters = {"is_active": True}

    async def create(self, id_: UUID) -> None:
        await self.made(
            "referral_partner.create", id_, contact_type="practice", practice_name=f"M {id_}"
        )

    async def change(self, id_: UUID, n: int) -> None:
        name = f"{'az'[n % 2]} {n} {self.versions[id_]}"
        partner = str(id_)
        await self.done(
            "referral_partner.update", id_, referral_partner_uuid=partner, practice_name=name
        )

    async def end(self, id_: UUID, n: int) -> None:
        partner = {"referral_partner_uuid": str(id_)}
        if n % 2:
            await self.done("referral_partner.archive", id_, **partner)
        else:
            await self.done("referral_partner.update", id_, is_active=False, **partner)


class Sources(Rows):
    """Those whose name is searched for."""

    list_ = "referral_source.list"

    async def prepare(self) -> None:
        self.filters = {"search": "radio"}

    async def create(self, id_: UUID) -> None:
        await self.made("referral_source.create", id_, name="Radio", category="tv_radio")

    async def change(self, id_: UUID, n: int) -> None:
        name = f"{n} Radio {self.versions[id_]}"
        await self.done("referral_source.update", id_, referral_source_uuid=str(id_), name=name)

    async def end(self, id_: UUID, n: int) -> None:
        source = {"referral_source_uuid": str(id_)}
        if n % 2:
            await self.done("referral_source.archive", id_, **source)
        else:
            await self.done("referral_source.update", id_, name="Billboard", **source)


class Costs(Rows):
    """Of one source; a change moves a cost to another period, earlier or later than all."""

    list_ = "referral_source_cost.list"

    async def prepare(self) -> None:
        source = await self.org.source()
        self.filters = {"referral_source_uuid": source["id"]}

    async def create(self, id_: UUID) -> None:
        march = {"period_start": "2026-03-01", "period_end": "2026-03-31"}
        await self.made("referral_source_cost.create", id_, amount=1, **march, **self.filters)

    async def change(self, id_: UUID, n: int) -> None:
        start = f"2026-0{1 + n % 2 * 2}-{1 + n % 28:02}"
        cost = {"cost_uuid": str(id_), **self.filters}
        await self.done(
            "referral_source_cost.update", id_, period_start=start, amount=n + 2, **cost
        )

    async def end(self, id_: UUID, n: int) -> None:
        await self.done("referral_source_cost.archive", id_, cost_uuid=str(id_), **self.filters)


class Attributions(Rows):
    """Of one patient."""

    list_ = "referral_attribution.list"

    async def prepare(self) -> None:
        self.filters = {"patient_uuid": (await self.org.patient())["id"]}
        self.provider = (await self.org.provider())["id"]

    async def create(self, id_: UUID) -> None:
        of = {"attribution_role": "assist", "provider_uuid": self.provider, **self.filters}
        await self.made("referral_attribution.create", id_, **of)

    async def change(self, id_: UUID, n: int) -> None:
        named = {"attribution_uuid": str(id_), **self.filters}
        note = f"{n} {self.versions[id_]}"
        await self.done("referral_attribution.update", id_, source_note=note, **named)

    async def end(self, id_: UUID, n: int) -> None:
        named = {"attribution_uuid": str(id_), **self.filters}
        await self.done("referral_attribution.archive", id_, **named)


class Contacts(Rows):
    """Those whose name is searched for; each is observed a second later with each change."""

    list_ = "contact.list"

    async def prepare(self) -> None:
        self.filters = {"search": "house"}

    async def create(self, id_: UUID) -> None:
        await self._observed("put", id_, name="M House")

    async def change(self, id_: UUID, n: int) -> None:
        await self._observed("put", id_, name=f"{'az'[n % 2]} House {n} {self.versions[id_]}")

    async def end(self, id_: UUID, n: int) -> None:
        await (self._observed("archive", id_) if n % 2 else self._observed("put", id_, name="Z"))

    async def _observed(self, verb: str, id_: UUID, **fields: Any) -> None:
        version = self.versions.get(id_, 0) + 1
        at = f"2026-01-05T08:00:{version:02}Z"
        named = {"contact_uuid": str(id_), "observed_at": at, **fields}
        answered = await self.org.ask(f"contact.{verb}", **named)
        assert answered.status in (200, 204), answered
        self.versions[id_] = version


class ContactReferrals(Rows):
    """Those by one contact; a change is of whom they refer, and some end by moving away."""

    list_ = "contact_referral.list"

    async def prepare(self) -> None:
        self.filters = {"contact_uuid": (await self.org.contact())["id"]}
        self.others = [(await self.org.contact())["id"] for _ in range(3)]

    async def create(self, id_: UUID) -> None:
        to = {"referred_to_uuid": self.others[0]}
        await self.made("contact_referral.create", id_, **to, **self.filters)

    async def change(self, id_: UUID, n: int) -> None:
        to = {"referred_to_uuid": self.others[(self.versions[id_] + n % 2) % 2]}
        await self.done("contact_referral.update", id_, **to, **self._named(id_))

    async def end(self, id_: UUID, n: int) -> None:
        if n % 2:
            gone = await self.org.ask("contact_referral.archive", **self._named(id_))
            assert gone.status == 204
        else:
            by = {"referred_by_uuid": self.others[2]}
            await self.done("contact_referral.update", id_, **by, **self._named(id_))

    def _named(self, id_: UUID) -> dict[str, Any]:
        return {"contact_referral_uuid": str(id_), **self.filters}


class Drafts(Rows):
    """A patient's referrals that are drafts. Nothing archives a referral: it is cancelled."""

    list_ = "referral.list"

    async def prepare(self) -> None:
        patient = (await self.org.patient())["id"]
        self.filters = {"patient_uuid": patient, "status": "draft"}
        self.partner = (await self.org.partner())["id"]

    async def create(self, id_: UUID) -> None:
        to = {"patient_uuid": self.filters["patient_uuid"], "referral_partner_uuid": self.partner}
        await self.made("referral.create", id_, reason="Root canal of tooth 14", **to)

    async def change(self, id_: UUID, n: int) -> None:
        reason = f"Tooth {n}, {self.versions[id_]}"
        await self.done("referral.update", id_, referral_uuid=str(id_), reason=reason)

    async def end(self, id_: UUID, n: int) -> None:
        await self.done("referral.cancel", id_, referral_uuid=str(id_), reason="Moved away")


class Patients(Rows):
    """Those whose name is searched for; a put tells of them again, later each time."""

    list_ = "patient.list"
    operation, named = "patient.put", "patient_uuid"

    async def prepare(self) -> None:
        self.filters = {"search": "pace"}
        self.seconds = 0

    async def create(self, id_: UUID) -> None:
        await self._put(id_, "Paul Pace")

    async def change(self, id_: UUID, n: int) -> None:
        await self._put(id_, f"{'az'[n % 2]} {n} Pace {self.seconds}")

    async def end(self, id_: UUID, n: int) -> None:
        if n % 2:
            await self._put(id_, "Quinn Quill")
            return
        archive = self.operation.replace("put", "archive")
        answered = await self.org.ask(archive, **{self.named: str(id_)}, **self._seen())
        assert answered.status == 204, answered

    async def _put(self, id_: UUID, name: str) -> None:
        named = {self.named: str(id_), "name": name}
        answered = await self.org.ask(self.operation, **named, **self._seen())
        assert answered.status == 200, answered

    def _seen(self) -> dict[str, str]:
        self.seconds += 1
        return {"observed_at": f"2026-01-05T08:{self.seconds // 60:02}:{self.seconds % 60:02}Z"}


class Providers(Patients):
    """Likewise."""

    list_ = "provider.list"
    operation, named = "provider.put", "provider_uuid"


class Searched(Drafts):
    """The urgent ones of a patient whose name is searched for; a change of priority ends it."""

    async def prepare(self) -> None:
        await super().prepare()
        self.patient_uuid = self.filters["patient_uuid"]
        self.filters = {"search": "PAUL", "priority": "urgent"}

    async def create(self, id_: UUID) -> None:
        to = {"patient_uuid": self.patient_uuid, "referral_partner_uuid": self.partner}
        await self.made("referral.create", id_, reason="Tooth 14", priority="urgent", **to)

    async def end(self, id_: UUID, n: int) -> None:
        await self.done("referral.update", id_, referral_uuid=str(id_), priority="routine")


LISTS = (
    Partners,
    Sources,
    Costs,
    Attributions,
    Contacts,
    ContactReferrals,
    Drafts,
    Searched,
    Patients,
    Providers,
)


@pytest.mark.parametrize("rows", LISTS, ids=lambda rows: rows.__name__)
async def test_a_row_that_is_there_throughout_is_read_exactly_once(
    referrals: Referrals, another: Client, rows: type[Rows]
) -> None:
    """While another client renames, archives and creates; nothing is read twice at all."""

    async def check(page_size: int, there: list[UUID], meanwhile: list[Writes]) -> None:
        writer = rows(Marketing(another))
        await writer.prepare()
        await read_while_written(
            referrals.org(writer.org.id).ask,
            writer.list_,
            writer.filters,
            writer,
            page_size=page_size,
            there=there,
            meanwhile=meanwhile,
        )

    await for_every_way(check)


async def test_what_pages_miss_a_cursor_finds(org: Org) -> None:
    """Six partners, two at a time; the first is archived, or renamed to the end, after the first
    two were read: the third moves up one place on the pages, and the cursor comes to it."""
    for change in ("archive", "rename"):
        ids = [UUID(int=n) for n in range(6)]
        writer = Partners(Marketing(org._client))
        for id_ in ids:
            await writer.create(id_)
        seen = []
        async for stretch in stretches(Org(org._client, writer.org.id).ask, writer.list_, 2):
            seen += stretch
            if len(seen) == 2:
                await (writer.end(ids[0], 1) if change == "archive" else writer.change(ids[0], 1))
        assert seen == [str(id_) for id_ in ids]


async def test_the_whole_list_comes_by_id_and_null_ends_it(org: Org) -> None:
    """In stretches of the size that is asked for, which may change on the way; of an empty list
    nothing comes, and a list that just fills its last stretch ends with that."""
    empty = await org.ask("referral_partner.list", cursor="")
    assert empty.data == {"items": [], "page_size": 50, "next_cursor": None}
    ids = [str(UUID(int=n)) for n in (7, 3, 5, 1)]
    made = {id_: await org.partner(id=id_) for id_ in ids}
    first = await org.ask("referral_partner.list", cursor="", page_size=1)
    assert first.data["items"] == [made[str(UUID(int=1))]]
    rest = await org.ask("referral_partner.list", cursor=first.data["next_cursor"], page_size=3)
    assert rest.data == {
        "items": [made[str(UUID(int=n))] for n in (3, 5, 7)],
        "page_size": 3,
        "next_cursor": None,
    }
    assert await read_all(org.ask, "referral_partner.list", 2) == sorted(ids)
    again = await org.ask("referral_partner.list", cursor=first.data["next_cursor"], page_size=3)
    assert again == rest


async def test_a_null_cursor_is_none(org: Org) -> None:
    """As a null filter: the first page."""
    await org.partner()
    asked = await org.ask("referral_partner.list", cursor=None)
    assert asked == await org.ask("referral_partner.list")
    assert (asked.data["page"], asked.data["total"]) == (1, 1)


async def test_a_cursor_goes_on_with_its_own_list_filters_and_org_alone(
    org: Org, referrals: Referrals
) -> None:
    """Elsewhere it would begin somewhere in the middle, and nobody would know."""
    for _ in range(2):
        await org.partner(specialty="Endodontics")
    asked = {"specialty": "endodontics", "is_active": None}
    begun = await org.ask("referral_partner.list", cursor="", page_size=1, **asked)
    cursor = begun.data["next_cursor"]
    same = await org.ask("referral_partner.list", cursor=cursor, specialty=" endodontics ")
    assert (same.status, len(same.data["items"])) == (200, 1)
    source = await org.ask("referral_source.create", name="Radio", category="tv_radio")
    for asking, operation, filters in (
        (org, "referral_partner.list", {}),
        (org, "referral_partner.list", {**asked, "is_active": True}),
        (org, "referral_partner.list", {**asked, "search": "a"}),
        (referrals.org(), "referral_partner.list", asked),
        (org, "referral_source.list", {}),
        (org, "referral.list", {}),
        (org, "referral_source_cost.list", {"referral_source_uuid": source.data["id"]}),
    ):
        refused = await asking.ask(operation, cursor=cursor, **filters)
        assert refused.status == 422 and refused.problem is not None, operation
        (error,) = refused.problem["errors"]
        assert (error["loc"], error["type"]) == (["cursor"], "cursor_invalid")
        assert cursor not in str(refused.problem)


async def test_a_wrong_cursor_is_told_before_an_id_that_is_not_there(org: Org) -> None:
    """What is decidable from the message alone comes first."""
    for operation, name in (
        ("referral_attribution.list", "patient_uuid"),
        ("referral_source_cost.list", "referral_source_uuid"),
        ("referral.list", "referral_partner_uuid"),
    ):
        for fields in ({"cursor": "1"}, {"cursor": "", "page": 1}):
            refused = await org.ask(operation, **{name: str(uuid4()), **fields})
            assert refused.status == 422
