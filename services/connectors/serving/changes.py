"""Creating and changing a referral at our own Open Dental interface: commands to referrals.

A row is held under its number before its resource is made, so that an event that comes first finds
it; whatever a command replies is written through, so that a GET that follows shows it.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

import orjson
from uuid_utils import compat as uuid_utils

from contracts.connecting import ImportKind
from contracts.referral_source import SourceCategory
from messaging.replies.client import Reply
from services.connectors.opendental.mapping import category_of
from services.connectors.opendental.server import Refused, created, updated
from services.connectors.runs.commands import COMMANDS, QUERIES, Calls
from services.connectors.serving.projection import (
    PartnerState,
    PatientState,
    SourceState,
    command_fields,
    names_by,
    of_partner,
    of_source,
    row_of,
    ten_digits,
)
from services.connectors.serving.store import Held, Interface, Store

TRIES = 3
NOT_FOUND = Refused(404, "Referral not found.")
_PREFIX = {ImportKind.PARTNER: "referral_partner", ImportKind.SOURCE: "referral_source"}
_NAMES_THERE = {
    "first_name": "FName",
    "last_name": "LName",
    "practice_name": "LName",
    "name": "LName",
    "specialty": "specialty",
    "email": "EMail",
    "phone": "Telephone",
    "address_line1": "Address",
    "address_line2": "Address2",
    "city": "City",
    "state": "ST",
    "postal_code": "Zip",
    "notes": "Note",
    "description": "Note",
}


class NoAnswer(Exception):
    """Referrals refused for a reason that is not the request's."""


class Changes:
    """Makes and changes referrals for one request. Raises Refused and NoAnswer."""

    def __init__(self, store: Store, calls: Calls, interface: Interface) -> None:
        self._store, self._calls, self._interface = store, calls, interface

    async def create(self, body: Any) -> Held:
        """A new referral under a new number."""
        interface = self._interface
        patient = await self._patient(body)
        patients = {} if patient is None else {body["PatNum"]: _of_patient(patient, body)}
        specialties = await self._store.specialties(interface)
        shown = created(body, specialties, patients, interface.options.keep)
        kind, fields = self._fields(shown)
        uuid, patient_id = uuid_utils.uuid7(), None if patient is None else patient.id
        number = await self._store.begin(interface, uuid, kind, shown, patient_id)
        answered = await self._call(
            f"{_PREFIX[kind]}.create", self._new(uuid, kind, fields, shown, patient_id)
        )
        if answered.problem is not None:
            await self._store.drop(interface, number)
            raise _refused(answered)
        shown["ReferralNum"] = number
        return await self._shown(number, uuid, kind, answered.data, shown)

    async def update(self, number: int, body: Any) -> Held:
        """A referral that is there, changed; of two who change it at once the last one wins."""
        for _ in range(TRIES):
            held = await self._store.one(self._interface, number)
            if held is None:
                raise NOT_FOUND
            specialties = await self._store.specialties(self._interface)
            shown = updated(held.shown, body, specialties, self._interface.options.keep)
            kind, fields = self._fields(shown)
            if kind is not held.kind:
                return await self._became(held, kind, fields, shown)
            before = command_fields(held.shown, self._interface.options.country)[1].fields
            changed = {name: value for name, value in fields.items() if value != before[name]}
            if not changed:
                return await self._store.save(
                    self._interface, number, held.uuid, kind, held.version, shown
                )
            answered = await self._change(held, changed)
            if answered.problem is None:
                return await self._shown(number, held.uuid, kind, answered.data, shown)
            if answered.problem["code"] != "version_conflict":
                raise _refused(answered)
            await self._read_again(held)
        raise NoAnswer

    async def _became(
        self, held: Held, kind: ImportKind, fields: Mapping[str, Any], shown: dict[str, Any]
    ) -> Held:
        """A referral that is another kind of thing now: the old one ends, a new one is made."""
        uuid = uuid_utils.uuid7()
        made = await self._call(
            f"{_PREFIX[kind]}.create", self._new(uuid, kind, fields, shown, None)
        )
        if made.problem is not None:
            raise _refused(made)
        saved = await self._shown(held.number, uuid, kind, made.data, shown)
        ended = await self._change(held, {"is_active": False})
        if ended.problem is not None and ended.problem["code"] == "version_conflict":
            version = ended.problem["current_version"]
            ended = await self._change(held, {"is_active": False}, version)
        return saved

    async def _change(
        self, held: Held, changed: Mapping[str, Any], version: int | None = None
    ) -> Reply:
        prefix = _PREFIX[held.kind]
        return await self._call(
            f"{prefix}.update",
            {
                f"{prefix}_uuid": str(held.uuid),
                "base_version": held.version if version is None else version,
                **changed,
            },
        )

    async def _read_again(self, held: Held) -> None:
        prefix = _PREFIX[held.kind]
        found = await self._ask(f"{prefix}.get", {f"{prefix}_uuid": str(held.uuid)})
        if found.problem is not None:
            raise NOT_FOUND
        await self._shown(held.number, held.uuid, held.kind, found.data, held.shown)

    async def _shown(
        self, number: int, uuid: UUID, kind: ImportKind, data: Any, shown: Mapping[str, Any]
    ) -> Held:
        """Write a resource through as it was replied."""
        if kind is ImportKind.PARTNER:
            partner = PartnerState.model_validate(data)
            after = of_partner(partner, shown, shown["Specialty"] if partner.specialty else 0)
        else:
            after = of_source(SourceState.model_validate(data), shown, shown["PatNum"])
        return await self._store.save(self._interface, number, uuid, kind, data["version"], after)

    def _fields(self, shown: Mapping[str, Any]) -> tuple[ImportKind, Mapping[str, Any]]:
        kind, mapped = command_fields(shown, self._interface.options.country)
        if mapped.refused:
            raise Refused(400, f"{mapped.refused[0]} is invalid.")
        return kind, mapped.fields

    def _new(
        self,
        uuid: UUID,
        kind: ImportKind,
        fields: Mapping[str, Any],
        shown: Mapping[str, Any],
        patient_id: UUID | None,
    ) -> dict[str, Any]:
        made: dict[str, Any] = {"id": str(uuid), **fields}
        if kind is ImportKind.SOURCE:
            made["category"] = category_of(row_of(shown)).value
        if patient_id is not None:
            made["category"] = SourceCategory.PATIENT_REFERRAL.value
            made["linked_patient_uuid"] = str(patient_id)
        return made

    async def _patient(self, body: Any) -> PatientState | None:
        """The patient whose row a body makes; None: of nobody, or of nobody who is known."""
        number = body.get("PatNum") if isinstance(body, dict) else None
        if type(number) is not int or number <= 0:
            return None
        uuid = await self._store.patient_of(self._interface, number)
        if uuid is None:
            return None
        found = await self._ask("patient.get", {"patient_uuid": str(uuid)})
        return None if found.problem is not None else PatientState.model_validate(found.data)

    async def _call(self, operation: str, fields: Mapping[str, Any]) -> Reply:
        body = {"org_id": self._interface.org_id, **fields}
        return await self._calls.call(COMMANDS, operation, orjson.dumps(body))

    async def _ask(self, operation: str, fields: Mapping[str, Any]) -> Reply:
        body = {"org_id": self._interface.org_id, **fields}
        return await self._calls.call(QUERIES, operation, orjson.dumps(body))


def _of_patient(patient: PatientState, body: Mapping[str, Any]) -> dict[str, str]:
    last_name = body.get("LName")
    names = names_by(patient.name, last_name if isinstance(last_name, str) else "")
    return {**names, "Telephone": ten_digits(patient.phone), "EMail": patient.email or ""}


def _refused(answered: Reply) -> Exception:
    """What our services refused, as Open Dental would say it."""
    if answered.status != HTTPStatus.UNPROCESSABLE_ENTITY or answered.problem is None:
        return NoAnswer()
    for error in answered.problem.get("errors", ()):
        name = str(error["loc"][0]) if error.get("loc") else ""
        return Refused(400, f"{_NAMES_THERE.get(name, 'Body')} is invalid.")
    return Refused(400, "Body is invalid.")
