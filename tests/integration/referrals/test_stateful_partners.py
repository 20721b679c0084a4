"""Partners through the real service, step by step beside a plain model of what must be so."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, initialize, rule

from tests.integration.referrals.machine import OrgMachine, Request, drive
from tests.support.services.referrals import Referrals

_NAMES = st.text(st.sampled_from("abAB%_é 大"), min_size=1, max_size=8).filter(
    lambda name: bool(name.strip())
)
_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "first_name": _NAMES,
        "last_name": _NAMES,
        "practice_name": st.none() | _NAMES,
        "is_active": st.booleans(),
        "notes": st.none() | st.sampled_from(["Call first", "Fax only"]),
    },
)


class Partners(OrgMachine):
    """Creates, changes, archives and repeats; `model` holds what the org's partners must be."""

    known = Bundle("known")
    archived = Bundle("archived")
    asked = Bundle("asked")

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[str, dict[str, Any]] = {}

    @initialize(target=known, first=_NAMES)
    def one_partner(self, first: str) -> str:
        return self._create(first_name=first, last_name="Archer")

    @rule(target=known, first=_NAMES, last=_NAMES, fields=_FIELDS)
    def create(self, first: str, last: str, fields: dict[str, Any]) -> str:
        return self._create(**{"first_name": first, "last_name": last, **fields})

    def _create(self, **given: Any) -> str:
        answered, _ = self.ask("referral_partner.create", **given)
        assert (answered.status, answered.data["version"]) == (201, 1)
        uuid: str = answered.data["id"]
        unset = {"practice_name": None, "is_active": True, "notes": None}
        self.model[uuid] = {**unset, **given, "version": 1}
        return uuid

    @rule(target=asked, uuid=known, fields=_FIELDS)
    def update(self, uuid: str, fields: dict[str, Any]) -> Request:
        return self._update(uuid, fields)

    @rule(target=asked, uuid=known, names=st.sets(st.sampled_from(("notes", "first_name"))))
    def update_to_what_it_is(self, uuid: str, names: set[str]) -> Request:
        return self._update(uuid, {name: self.model[uuid][name] for name in sorted(names)})

    def _update(self, uuid: str, fields: dict[str, Any]) -> Request:
        held = self.model[uuid]
        answered, request = self.ask(
            "referral_partner.update",
            referral_partner_uuid=uuid,
            base_version=held["version"],
            **fields,
        )
        changed = any(_kept(value) != _kept(held[name]) for name, value in fields.items())
        held.update(fields, version=held["version"] + changed)
        assert (answered.status, answered.data["version"]) == (200, held["version"])
        return request

    @rule(target=asked, uuid=known, fields=_FIELDS, ahead=st.sampled_from((-1, 1, 7)))
    def update_another_version(self, uuid: str, fields: dict[str, Any], ahead: int) -> Request:
        current = self.model[uuid]["version"]
        answered, request = self.ask(
            "referral_partner.update",
            referral_partner_uuid=uuid,
            base_version=max(1, current + ahead) if current > 1 else current + abs(ahead),
            **fields,
        )
        assert answered.problem is not None and answered.status == 409
        assert answered.problem["current_version"] == current
        return request

    @rule(target=archived, uuid=consumes(known))
    def archive(self, uuid: str) -> str:
        held = self.model.pop(uuid)
        named = {"referral_partner_uuid": uuid, "base_version": held["version"]}
        answered, _ = self.ask("referral_partner.archive", **named)
        assert (answered.status, answered.data) == (204, None)
        return uuid

    @rule(uuid=archived)
    def what_is_archived_is_not_found_and_keeps_its_id(self, uuid: str) -> None:
        named = {"referral_partner_uuid": uuid, "base_version": 1}
        assert self.ask("referral_partner.archive", **named)[0].status == 404
        again = {"id": uuid, "first_name": "a", "last_name": "b"}
        assert self.ask("referral_partner.create", **again)[0].status == 409

    @rule(request=asked)
    def the_same_message_again_has_no_effect_and_the_same_answer(self, request: Request) -> None:
        self.repeat(request)

    @rule(request=asked)
    def another_body_under_its_message_id_is_refused(self, request: Request) -> None:
        operation, fields, message_id = request
        other = {**fields, "notes": "Something else"}
        answered = self.wait(self.org.ask(operation, message_id=message_id, **other))
        assert answered.problem is not None
        assert answered.problem["code"] == "message_id_reused"

    @rule()
    def the_list_shows_the_model(self) -> None:
        answered = self.wait(self.org.ask("referral_partner.list", page_size=200))
        listed = {item["id"]: item for item in answered.data["items"]}
        assert listed.keys() == self.model.keys()
        assert answered.data["total"] == len(self.model)
        for uuid, held in self.model.items():
            for name, value in held.items():
                assert listed[uuid][name] == _kept(value), name

    def teardown(self) -> None:
        """Called after the last step."""
        self.the_list_shows_the_model()


def _kept(value: Any) -> Any:
    """A value as it is held: texts are trimmed (docs/contract/wire.md#texts)."""
    return value.strip() if isinstance(value, str) else value


async def test_partners_are_what_a_plain_model_says(referrals: Referrals) -> None:
    """Whatever is done in whatever order, repeats included: the list is the model's."""
    await drive(Partners, referrals)
