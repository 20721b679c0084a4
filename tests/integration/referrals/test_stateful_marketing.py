"""Sources, costs and attributions through the real service, beside a plain model of them."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, multiple, precondition, rule

from messaging.replies.client import Reply
from tests.integration.referrals.machine import OrgMachine, Request, drive
from tests.integration.referrals.reckoning import half_even, share_of
from tests.support.services.referrals import Referrals

_FIRST = date(2026, 2, 20)
_DAYS = st.integers(0, 40).map(lambda n: _FIRST + timedelta(days=n))
_AMOUNTS = st.integers(0, 10**12 - 1).map(lambda cents: Decimal(cents).scaleb(-2))
_ROLES = st.sampled_from(("primary", "secondary", "assist"))


SOURCES = 3


class Sources(OrgMachine):
    """Two patients and a few sources; `costs` and `attributions` are the unarchived ones.

    Each is a dict by id; a source is its name, whether it is archived and its place in the list.
    """

    sources_made = Bundle("sources_made")
    costs_made = Bundle("costs_made")
    attributions_made = Bundle("attributions_made")
    asked = Bundle("asked")

    def __init__(self) -> None:
        super().__init__()
        self.sources: dict[str, dict[str, Any]] = {}
        self.costs: dict[str, dict[str, Any]] = {}
        self.attributions: dict[str, dict[str, Any]] = {}

    @initialize(target=sources_made)
    def two_patients_and_a_source(self) -> str:
        self.patients = [self.wait(self.org.patient())["id"] for _ in range(2)]
        return self._create("Billboard")

    # Few, so that what is done meets what was done before.
    @precondition(lambda self: len(self.sources) < SOURCES)
    @rule(target=sources_made, name=st.sampled_from(("Radio", "Neon", "Fair")))
    def create_source(self, name: str) -> str:
        return self._create(name)

    def _create(self, name: str) -> str:
        answered, _ = self.ask("referral_source.create", name=name, category="other")
        assert answered.status == 201
        uuid: str = answered.data["id"]
        place = len(self.sources) + 1
        assert answered.data["sort_order"] == place
        self.sources[uuid] = {"name": name, "archived": False, "version": 1}
        return uuid

    @rule(target=asked, source=sources_made, name=st.sampled_from(("Radio", "Neon", "Fair")))
    def rename_source(self, source: str, name: str) -> Request:
        held = self.sources[source]
        answered, request = self.ask(
            "referral_source.update",
            referral_source_uuid=source,
            base_version=held["version"],
            name=name,
        )
        if held["archived"]:
            assert _code(answered) == "referral_source_not_found"
            return request
        held["version"] += name != held["name"]
        held["name"] = name
        assert (answered.status, answered.data["version"]) == (200, held["version"])
        return request

    @rule(source=sources_made)
    def archive_source(self, source: str) -> None:
        held = self.sources[source]
        answered, _ = self.ask(
            "referral_source.archive", referral_source_uuid=source, base_version=held["version"]
        )
        if held["archived"]:
            assert _code(answered) == "referral_source_not_found"
        else:
            assert answered.status == 204
        held["archived"] = True

    @rule(target=costs_made, source=sources_made, amount=_AMOUNTS, days=st.tuples(_DAYS, _DAYS))
    def create_cost(self, source: str, amount: Decimal, days: tuple[date, date]) -> Any:
        first, last = sorted(days)
        answered, _ = self.ask(
            "referral_source_cost.create",
            referral_source_uuid=source,
            amount=str(amount),
            period_start=first.isoformat(),
            period_end=last.isoformat(),
        )
        if self.sources[source]["archived"]:
            assert _code(answered) == "referral_source_not_found"
            return multiple()
        assert answered.status == 201
        cost: str = answered.data["id"]
        self.costs[cost] = {
            "source": source,
            "amount": amount,
            "first": first,
            "last": last,
            "version": 1,
        }
        return cost

    @rule(target=asked, cost=costs_made, amount=_AMOUNTS)
    def change_amount(self, cost: str, amount: Decimal) -> Any:
        held = self.costs.get(cost)
        if held is None:
            return multiple()
        answered, request = self.ask(
            "referral_source_cost.update",
            referral_source_uuid=held["source"],
            cost_uuid=cost,
            base_version=held["version"],
            amount=str(amount),
        )
        if self.sources[held["source"]]["archived"]:
            assert _code(answered) == "referral_source_not_found"
            return request
        held["version"] += amount != held["amount"]
        held["amount"] = amount
        assert (answered.status, answered.data["version"]) == (200, held["version"])
        return request

    @rule(cost=costs_made)
    def archive_cost(self, cost: str) -> None:
        held = self.costs.get(cost)
        if held is None:
            return
        answered, _ = self.ask(
            "referral_source_cost.archive",
            referral_source_uuid=held["source"],
            cost_uuid=cost,
            base_version=held["version"],
        )
        if self.sources[held["source"]]["archived"]:
            assert _code(answered) == "referral_source_not_found"
            return
        assert answered.status == 204
        del self.costs[cost]

    @rule(
        target=attributions_made,
        source=sources_made,
        who=st.sampled_from((0, 1)),
        roles=st.lists(_ROLES, min_size=1, max_size=3),
    )
    def attribute(self, source: str, who: int, roles: list[str]) -> Any:
        return multiple(*(one for role in roles for one in self._attribute(source, who, role)))

    def _attribute(self, source: str, who: int, role: str) -> list[str]:
        answered, _ = self.ask(
            "referral_attribution.create",
            patient_uuid=self.patients[who],
            referral_source_uuid=source,
            attribution_role=role,
        )
        if self.sources[source]["archived"]:
            assert _code(answered) == "referral_source_not_found"
            return []
        if role == "primary" and self._primary(who) is not None:
            assert _code(answered) == "primary_attribution_exists"
            return []
        assert answered.status == 201
        uuid: str = answered.data["id"]
        self.attributions[uuid] = {"source": source, "who": who, "role": role, "version": 1}
        return [uuid]

    @rule(target=asked, uuid=attributions_made, role=_ROLES)
    def change_role(self, uuid: str, role: str) -> Any:
        held = self.attributions.get(uuid)
        if held is None:
            return multiple()
        answered, request = self.ask(
            "referral_attribution.update",
            patient_uuid=self.patients[held["who"]],
            attribution_uuid=uuid,
            base_version=held["version"],
            attribution_role=role,
        )
        if role == "primary" and self._primary(held["who"]) not in (None, uuid):
            assert _code(answered) == "primary_attribution_exists"
            return request
        held["version"] += role != held["role"]
        held["role"] = role
        assert (answered.status, answered.data["version"]) == (200, held["version"])
        return request

    @rule(uuid=attributions_made)
    def archive_attribution(self, uuid: str) -> None:
        held = self.attributions.pop(uuid, None)
        named: dict[str, Any] = {"attribution_uuid": uuid, "base_version": 1}
        if held is None:
            named["patient_uuid"] = self.patients[0]
            assert _code(self.ask("referral_attribution.archive", **named)[0]) == (
                "referral_attribution_not_found"
            )
            return
        named |= {
            "patient_uuid": self.patients[held["who"]],
            "base_version": held["version"],
        }
        assert self.ask("referral_attribution.archive", **named)[0].status == 204

    def _primary(self, who: int) -> str | None:
        for uuid, held in self.attributions.items():
            if (held["who"], held["role"]) == (who, "primary"):
                return uuid
        return None

    @rule(request=asked)
    def the_same_message_again_has_no_effect_and_the_same_answer(self, request: Request) -> None:
        self.repeat(request)

    @rule(request=asked)
    def another_operation_under_its_message_id_is_refused(self, request: Request) -> None:
        answered = self.wait(
            self.org.ask("referral_source.archive", message_id=request[2], id=str(uuid4()))
        )
        assert _code(answered) == "message_id_reused"

    @invariant()
    def the_list_shows_the_model(self) -> None:
        answered = self.wait(self.org.ask("referral_source.list", page_size=200))
        shown = [
            (
                *(item["id"], item["name"], item["version"], item["sort_order"]),
                *(item["patient_count"], Decimal(str(item["total_cost"]))),
            )
            for item in answered.data["items"]
        ]
        patients: defaultdict[str, set[int]] = defaultdict(set)
        for one in self.attributions.values():
            patients[one["source"]].add(one["who"])
        assert shown == [
            (uuid, held["name"], held["version"], place, len(patients[uuid]), self._spent(uuid))
            for place, (uuid, held) in enumerate(self.sources.items(), start=1)
            if not held["archived"]
        ]

    def _spent(self, source: str) -> Decimal:
        amounts = (one["amount"] for one in self.costs.values() if one["source"] == source)
        return sum(amounts, Decimal("0.00"))

    @rule(days=st.tuples(_DAYS, _DAYS))
    def a_report_shares_each_cost_out_by_its_days(self, days: tuple[date, date]) -> None:
        first, last = sorted(days)
        report = self.wait(self.org.report(first.isoformat(), last.isoformat())).data
        exact = {
            uuid: sum(map(share_of(first, last), self._costs_of(uuid)), Fraction())
            for uuid, held in self.sources.items()
            if not held["archived"]
        }
        assert [
            (item["referral_source"]["uuid"], item["total_cost"]) for item in report["items"]
        ] == [(uuid, half_even(cost)) for uuid, cost in exact.items()]
        assert report["total"]["total_cost"] == half_even(sum(exact.values(), Fraction()))

    def _costs_of(self, source: str) -> list[dict[str, Any]]:
        return [one for one in self.costs.values() if one["source"] == source]

    @rule()
    def a_report_of_these_days_counts_the_new_patients(self) -> None:
        today = datetime.now(UTC).date()
        days = [(today + timedelta(days=n)).isoformat() for n in (-1, 1)]
        report = self.wait(self.org.report(*days)).data
        brought = [one["source"] for one in self.attributions.values() if one["role"] == "primary"]
        for item in report["items"]:
            patients = brought.count(item["referral_source"]["uuid"])
            assert item["new_patients"] == patients
            each = None
            if patients:
                exact = Decimal(item["total_cost"]) / patients
                each = f"{exact.quantize(Decimal('0.01'), ROUND_HALF_UP):.2f}"
            assert item["cost_per_acquisition"] == each


def _code(answered: Reply) -> str | None:
    return None if answered.problem is None else answered.problem["code"]


async def test_sources_are_what_a_plain_model_says(referrals: Referrals) -> None:
    """Places, figures and reports, whatever was done in whatever order, repeats included."""
    await drive(Sources, referrals)
