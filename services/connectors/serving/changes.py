"""Creating and changing a referral at our own Open Dental interface: commands to referrals.

A row is held under its number before its resource is made, so that an event that comes first finds
it; whatever a command replies is written through, so that a GET that follows shows it.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import orjson
from uuid_utils import compat as uuid_utils

from contracts.connecting import ImportKind
from contracts.referral_source import SourceCategory
from messaging.replies.client import Reply
from messaging.telemetry import logs
from services.connectors.opendental.mapping import category_of
from services.connectors.opendental.server import Refused, created, updated
from services.connectors.runs.commands import COMMANDS, QUERIES, Calls
from services.connectors.serving.projection import (
    PartnerState,
    PatientState,
    SourceState,
    command_fields,
    names_by,
    row_of,
    ten_digits,
)
from services.connectors.serving.replied import State
from services.connectors.serving.store import Gone, Held, Interface, Overtaken, Store

log = logs.get(__name__)

TRIES = 4
"""The first, and three more after a version conflict."""
IN_THE_WAY = "Others change this referral. Nothing was written: send it again."
NOT_TAKEN = "The service does not take it now. Nothing was written: send it again."
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
    """Nobody can be asked: the broker is away."""


class Turns:
    """Whose turn it is to change a row: of each number one after the other, as they came.

    Other replicas have turns of their own: between them versions tell who was first.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[tuple[str, int], asyncio.Lock] = WeakValueDictionary()

    def of(self, org_id: str, number: int) -> asyncio.Lock:
        """The lock of a number, for as long as anybody holds it or waits for it."""
        return self._locks.setdefault((org_id, number), asyncio.Lock())


class Changes:
    """Makes and changes referrals for one request. Raises Refused, Gone and NoAnswer."""

    def __init__(self, store: Store, calls: Calls, interface: Interface, turns: Turns) -> None:
        self._store, self._calls, self._interface = store, calls, interface
        self._turns = turns

    async def create(self, body: Any) -> Held:
        """A new referral under a new number."""
        interface = self._interface
        patient = await self._patient(body)
        patients = {} if patient is None else {body["PatNum"]: _of_patient(patient, body)}
        specialties = await self._store.specialties(interface)
        shown = created(body, specialties, patients, interface.options.keep)
        kind, fields = self._fields(shown)
        uuid, patient_id = uuid_utils.uuid7(), None if patient is None else patient.id
        held = await self._store.begin(interface, uuid, kind, shown, patient_id)
        made = await self._call(
            f"{_PREFIX[kind]}.create", self._new(uuid, kind, fields, shown, patient_id)
        )
        if made.problem is not None:
            await self._store.drop(interface, held.number)
            raise _refused(made)
        return await self._store.write(interface, held, {}, _state(kind, made))

    async def update(self, number: int, body: Any) -> Held:
        """A referral that is there, changed; of two who change it at once the last one wins."""
        async with self._turns.of(self._interface.org_id, number):
            for _ in range(TRIES):
                try:
                    return await self._update(number, body)
                except Overtaken:
                    continue
        raise Refused(503, IN_THE_WAY)

    async def _update(self, number: int, body: Any) -> Held:
        """Raises Overtaken where somebody else changed it meanwhile."""
        held = await self._store.one(self._interface, number)
        if held is None:
            raise Gone
        specialties = await self._store.specialties(self._interface)
        shown = updated(held.shown, body, specialties, self._interface.options.keep)
        given = {n: value for n, value in shown.items() if n in body or value != held.shown[n]}
        kind, fields = self._fields(shown)
        if kind is not held.kind:
            return await self._became(held, kind, fields, given, shown)
        before = command_fields(held.shown, self._interface.options.country)[1].fields
        changed = {name: value for name, value in fields.items() if value != before[name]}
        if not changed:
            return await self._store.write(self._interface, held, given, None)
        answered = await self._change(kind, held.uuid, held.version, changed)
        if answered.problem is None:
            return await self._store.write(self._interface, held, given, _state(kind, answered))
        if answered.problem["code"] != "version_conflict":
            raise _refused(answered)
        await self._read_again(held)
        raise Overtaken

    async def _became(
        self,
        held: Held,
        kind: ImportKind,
        fields: Mapping[str, Any],
        given: Mapping[str, Any],
        shown: Mapping[str, Any],
    ) -> Held:
        """A referral that is another kind of thing now: the old one ends, a new one is made."""
        uuid = uuid_utils.uuid7()
        made = await self._call(
            f"{_PREFIX[kind]}.create", self._new(uuid, kind, fields, shown, None)
        )
        if made.problem is not None:
            raise _refused(made)
        state = _state(kind, made)
        try:
            saved = await self._store.become(self._interface, held, given, state)
        except Overtaken:
            await self._end(kind, uuid, state.version)
            raise
        await self._end(held.kind, held.uuid, held.version)
        return saved

    async def _end(self, kind: ImportKind, uuid: UUID, version: int) -> None:
        """Let a resource be inactive, whatever became of it meanwhile."""
        code = ""
        for _ in range(TRIES):
            ended = await self._change(kind, uuid, version, {"is_active": False})
            if ended.problem is None:
                return
            code = ended.problem["code"]
            if code != "version_conflict":
                break
            version = ended.problem["current_version"]
        log.warning("what a row was before stays active", org_id=self._interface.org_id, code=code)

    async def _change(
        self, kind: ImportKind, uuid: UUID, version: int, changed: Mapping[str, Any]
    ) -> Reply:
        prefix = _PREFIX[kind]
        return await self._call(
            f"{prefix}.update", {f"{prefix}_uuid": str(uuid), "base_version": version, **changed}
        )

    async def _read_again(self, held: Held) -> None:
        prefix = _PREFIX[held.kind]
        found = await self._ask(f"{prefix}.get", {f"{prefix}_uuid": str(held.uuid)})
        if found.problem is not None:
            raise _refused(found)
        await self._store.write(self._interface, held, {}, _state(held.kind, found))

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


def _state(kind: ImportKind, replied: Reply) -> State:
    """The resource of a reply."""
    shape = PartnerState if kind is ImportKind.PARTNER else SourceState
    state: State = shape.model_validate(replied.data)
    return state


def _refused(answered: Reply) -> Exception:
    """What our services refused, as Open Dental would say it. A refusal has no effect."""
    assert answered.problem is not None
    code = answered.problem["code"]
    if answered.status == HTTPStatus.NOT_FOUND:
        return Refused(404, "Patient not found.") if code == "patient_not_found" else Gone()
    if answered.status != HTTPStatus.UNPROCESSABLE_ENTITY:
        log.warning("refused by referrals", status=answered.status, code=code)
        return Refused(503, NOT_TAKEN)
    for error in answered.problem.get("errors", ()):
        name = str(error["loc"][0]) if error.get("loc") else ""
        return Refused(400, f"{_NAMES_THERE.get(name, 'Body')} is invalid.")
    return Refused(400, "Body is invalid.")
