"""A referral that is open before a person: what is known of it, and what can be done about it.

The page of a referral and the open row of each task show the same, and do the same.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.ereferral import AttemptOutcome
from contracts.fulfilment import FORWARD
from contracts.referral import EreferralStatus, FulfilmentStatus, Response
from services.edge.desk.page import Action
from services.edge.desk.sections.listing import offered_partners
from services.edge.desk.sections.partners import ways_to
from services.edge.desk.sections.states import is_followed, is_stuck, state_of
from services.edge.desk.visit import Visit
from services.edge.desk.wording import read_time

_OUTDATED: Final = ("version_conflict", "invalid_transition")
_COPIED: Final = ("priority", "reason_codes", "teeth", "notes", "referring_provider_uuid")
RETRIED: Final = ("failed", "outcome_unknown", "awaiting_call", "held", "retry_scheduled")
_ARRIVED: Final = (None, AttemptOutcome.DELIVERED, AttemptOutcome.SENT)


@dataclass(frozen=True)
class Opened:
    """What a person sees of one referral. None: it may not be seen, or is not there.

    `follower`: the one by which it was sent on. `partner`: the partner as it is now, where the
    referral is to be sent on.
    """

    referral: Mapping[str, Any] | None
    ereferral: Mapping[str, Any] | None
    link: Mapping[str, Any] | None
    partners: list[Mapping[str, Any]]
    meanwhile: list[Mapping[str, Any]]
    next: str = ""
    follower: Mapping[str, Any] | None = None
    partner: Mapping[str, Any] | None = None

    @property
    def state(self) -> str:
        """The referral's one word."""
        return "" if self.referral is None else state_of(self.referral)

    @property
    def is_stuck(self) -> bool:
        """Whether it is to be sent on."""
        return self.referral is not None and is_stuck(self.referral, self.follower)

    @property
    def is_followed(self) -> bool:
        """Whether it was sent on: then it waits for nobody."""
        return self.referral is not None and is_followed(self.referral, self.follower)

    @property
    def responses(self) -> list[str]:
        """The answers that can still come, in their order."""
        if self.referral is None or self.referral["status"] != "active":
            return []
        stands = self.referral["fulfilment_status"]
        try:
            forward = FORWARD[FulfilmentStatus(stands)]
        except ValueError:
            return []
        return [response.value for response in Response if response in forward]

    @property
    def takes_retry(self) -> bool:
        """Whether the letter can be sent once more, to the address that was frozen with it."""
        known = self.ereferral is not None and self.ereferral["status"] in RETRIED
        return known and not self.is_followed

    @property
    def troubles(self) -> list[Mapping[str, Any]]:
        """The last attempt by each channel, where none arrived and a person may have to act."""
        if self.ereferral is None or self.ereferral["status"] not in RETRIED:
            return []
        last = {one["channel"]: one for one in self.ereferral["attempts"]}
        return [one for one in last.values() if one["outcome"] not in _ARRIVED]

    @property
    def new_ways(self) -> list[tuple[str, str]]:
        """The channels by which the partner is reached otherwise than it was tried: whatever was
        frozen keeps the old address."""
        referral, ereferral, partner = self.referral, self.ereferral, self.partner
        if referral is None or ereferral is None or partner is None:
            return []
        if not (partner["is_active"] and partner["accepts_ereferral"]):
            return []
        failed = referral["dispatch_status"] == EreferralStatus.FAILED
        if not (failed or referral["overdue"]):
            return []
        tried: dict[str, set[str | None]] = {}
        for one in ereferral["attempts"]:
            tried.setdefault(one["channel"], set()).add(one["address"])
        ways = ways_to(partner)
        return [
            (channel, address)
            for place, (channel, address) in enumerate(ways)
            if (address not in tried[channel] if channel in tried else failed and place == 0)
        ]


async def open_referral(visit: Visit, referral_uuid: str, following: str = "") -> Opened:
    """By the referral. `following`: where to go when something was done."""
    referral = await visit.read_if_allowed("referral.get", referral_uuid=referral_uuid)
    return await _opened(visit, referral, None, following)


async def open_ereferral(visit: Visit, ereferral_uuid: str, following: str = "") -> Opened:
    """By the e-referral."""
    ereferral = await visit.read_if_allowed("ereferral.get", ereferral_uuid=ereferral_uuid)
    if ereferral is None:
        return Opened(None, None, None, [], [], following)
    uuid = ereferral["referral_uuid"]
    referral = await visit.read_if_allowed("referral.get", referral_uuid=uuid)
    return await _opened(visit, referral, ereferral, following)


async def _opened(
    visit: Visit,
    referral: Mapping[str, Any] | None,
    ereferral: Mapping[str, Any] | None,
    following: str,
) -> Opened:
    uuid = None if referral is None else referral["ereferral_uuid"]
    uuid = uuid or (None if ereferral is None else ereferral["id"])
    if ereferral is None and uuid is not None:
        ereferral = await visit.read_if_allowed("ereferral.get", ereferral_uuid=uuid)
    follower = await _follower(visit, referral)
    stuck = referral is not None and is_stuck(referral, follower)
    link, partners, partner = await asyncio.gather(
        _link(visit, uuid),
        _partners(visit, referral, stuck=stuck),
        _partner(visit, referral, stuck=stuck),
    )
    meanwhile = _meanwhile(visit, referral)
    return Opened(referral, ereferral, link, partners, meanwhile, following, follower, partner)


async def _follower(visit: Visit, referral: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if referral is None or referral["followed_by"] is None:
        return None
    uuid = referral["followed_by"]["uuid"]
    found: Mapping[str, Any] | None = await visit.read_if_allowed(
        "referral.get", referral_uuid=uuid
    )
    return found


async def _partner(
    visit: Visit, referral: Mapping[str, Any] | None, *, stuck: bool
) -> Mapping[str, Any] | None:
    """As it is now. None where the referral is not to be sent on."""
    if referral is None or not stuck:
        return None
    uuid = referral["referral_partner"]["uuid"]
    found: Mapping[str, Any] | None = await visit.read_if_allowed(
        "referral_partner.get", referral_partner_uuid=uuid
    )
    return found


async def _link(visit: Visit, ereferral_uuid: str | None) -> Mapping[str, Any] | None:
    if ereferral_uuid is None:
        return None
    asked = {"ereferral_uuid": ereferral_uuid, "page_size": 1}
    found = await visit.read_if_allowed("answer_link.list", **asked)
    return found["items"][0] if found is not None and found["items"] else None


async def _partners(
    visit: Visit, referral: Mapping[str, Any] | None, *, stuck: bool
) -> list[Mapping[str, Any]]:
    """Those that it can be sent on to, where it has to be."""
    if not stuck or referral is None:
        return []
    if not visit.may("referral_partner.list", "referral.create"):
        return []
    found = await offered_partners(visit, referral["referral_partner"]["uuid"], is_active=True)
    return [one for one in found if one["accepts_ereferral"]]


def _meanwhile(visit: Visit, referral: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """What was done since the form was shown that came too late; at least the last thing."""
    refused = visit.refused
    if refused is None or referral is None or refused.problem.code not in _OUTDATED:
        return []
    timeline: list[Mapping[str, Any]] = referral["timeline"]
    try:
        seen = read_time(refused.form.get("_seen"))
        since = [entry for entry in timeline if read_time(entry["at"]) >= seen]
    except (ValueError, TypeError):
        since = []
    return since or timeline[-1:]


async def _copied(visit: Visit, fields: dict[str, Any]) -> dict[str, Any]:
    """The draft by which a referral is sent on: what that one says, to the partner chosen."""
    if "follows_uuid" not in fields:
        return fields
    followed = await visit.read("referral.get", referral_uuid=fields["follows_uuid"])
    provider = followed["referring_provider"]
    known = {
        **followed,
        "referring_provider_uuid": None if provider is None else provider["uuid"],
    }
    copied = {name: known[name] for name in _COPIED if known[name] is not None}
    return {**copied, "patient_uuid": followed["patient"]["uuid"], **fields}


def _to_the_draft(visit: Visit, draft: Any) -> str:
    return f"{visit.home}/referrals/{draft['id']}"


def sending(referral: Any) -> dict[str, Any]:
    """The fields that send a draft that was just written."""
    return {"referral_uuid": referral["id"], "base_version": referral["version"]}


ACTIONS: Final = (
    Action("ereferral.complete_call"),
    Action("ereferral.resolve"),
    Action("ereferral.retry"),
    Action("partner_channel.release"),
    Action("answer_link.renew", stays=True),
    Action("referral.send"),
    Action("referral.cancel"),
    Action("referral.record_response"),
    Action("referral.reopen"),
    Action("referral.provide_information"),
    Action(
        "referral.create",
        prepare=_copied,
        then=_to_the_draft,
        also={"referral.send": sending},
    ),
)
"""What can be done about a referral, wherever it is open."""
