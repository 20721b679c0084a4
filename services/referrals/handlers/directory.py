"""The mirror of patients, providers and the practice: whatever was observed last wins."""

from collections.abc import Sequence
from typing import Any

from contracts import directory as d
from contracts.clock import birth_date_errors, time_errors
from contracts.directory import PATIENT_PUT, PUT_PATIENT, PUT_PRACTICE
from contracts.problems import FieldError, invalid
from contracts.shapes import Command, FieldWarning, Resource, resource_fields
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace, changed_fields
from services.referrals.handlers import intake_numbers, mirror
from services.referrals.handlers.mirror import Mirror
from services.referrals.handlers.versions import next_version
from services.referrals.models.directory import Patient, Practice, Provider
from services.referrals.rules.directory import search_text, sort_name
from services.referrals.rules.partner import is_national, read_again, read_numbers

READ_BY = ("phone_country",)
"""By which column the patients are found whose numbers the practice's country has read."""

_OF_PATIENT = ("name", "date_of_birth", "phone", "email", "observed_at")

Mirrored = Provider | Practice


_NOT_OF_THE_COUNTRY = FieldWarning(
    field="phone",
    type="phone_invalid",
    msg="The practice's country has no such number, so it is shown as it was given: put it with + "
    "and its country code (patient.put)",
)


def patient_resource(row: Patient) -> d.Patient:
    """A patient as they are shown; a number that is nobody's by now as it was given, with why."""
    lost = row.phone is None and row.phone_given is not None
    return d.Patient.model_construct(
        **resource_fields(row),
        **{name: getattr(row, name) for name in _OF_PATIENT},
        phone_as_given=row.phone_given if lost else None,
        warnings=[_NOT_OF_THE_COUNTRY] if lost else [],
    )


def provider_resource(row: Provider) -> d.Provider:
    """A provider as they are shown."""
    return d.Provider.model_construct(**_shown(d.Provider, row))


def practice_resource(row: Practice) -> d.Practice:
    """The practice as it is shown."""
    return d.Practice.model_construct(**_shown(d.Practice, row))


def _shown(shape: type[Resource], row: Mirrored) -> dict[str, Any]:
    return {name: getattr(row, name) for name in shape.model_fields}


PATIENTS = Mirror(Patient, lambda row, _: patient_resource(row), d.PATIENT_PUT, d.PATIENT_ARCHIVED)
PROVIDERS = Mirror(
    Provider, lambda row, _: provider_resource(row), d.PROVIDER_PUT, d.PROVIDER_ARCHIVED
)
PRACTICES = Mirror(Practice, lambda row, _: practice_resource(row), d.PRACTICE_PUT)


def put_patient(command: d.PatientPut, workspace: Workspace) -> Done[d.Patient | None]:
    """A national number is read by the country of the practice, and refused while it has none."""
    workspace.concerns(command.patient_uuid)
    practice = workspace.find(Practice)
    country = None if practice is None else practice.country
    errors = birth_date_errors("date_of_birth", command.date_of_birth, workspace.now)
    fields = _read(command, ("phone",), country, workspace, errors)
    national = is_national(command.phone)
    read_by = {
        "phone_given": command.phone if national else None,
        "phone_country": country if national else None,
    }
    found_by = _found_by(fields["name"], fields["phone"], fields["email"])
    key, columns = (command.patient_uuid,), {**fields, **read_by, **found_by}
    done = mirror.put(PATIENTS, key, command.observed_at, columns, workspace)
    workspace.list_too(workspace.get(Patient, command.patient_uuid), READ_BY)
    return done


def put_provider(command: d.ProviderPut, workspace: Workspace) -> Done[d.Provider | None]:
    fields = _read(command, (), None, workspace)
    columns = {**fields, **_found_by(fields["name"])}
    return mirror.put(PROVIDERS, (command.provider_uuid,), command.observed_at, columns, workspace)


def _found_by(name: str | None, *more: str | None) -> dict[str, str | None]:
    """What lists find somebody by."""
    return {"sort_name": sort_name(name), "search_text": search_text(name, *more)}


def note_how_found(row: Patient) -> None:
    """What lists find a patient by, after a change of their row."""
    for name, value in _found_by(row.name, row.phone, row.email).items():
        setattr(row, name, value)


def put_practice(command: d.PracticePut, workspace: Workspace) -> Done[d.Practice]:
    """Its numbers are those of the country beside them, or of the one that is held: a put without a
    country says nothing about it. By a new one all other national numbers are read again."""
    kept = workspace.find(Practice)
    before = None if kept is None else kept.country
    country = command.country or before
    fields = {**_read(command, ("phone", "fax"), country, workspace), "country": country}
    done = mirror.put(PRACTICES, (), command.observed_at, fields, workspace)
    if done.data is None:
        raise LookupError("a practice is never archived")
    if (now := workspace.get(Practice).country) is not None and now != before:
        if before is not None:
            _read_numbers_again(before, now, workspace)
        intake_numbers.read_all_again(before, now, workspace)
    return Done(done.status, done.data, done.id)


def _read_numbers_again(before: str, country: str, workspace: Workspace) -> None:
    """Patients' national numbers, as if the practice had had this country when they were put.

    What is no number of it is somebody else's by what was known before, and is taken out; it is
    shown as it was given, and stays written down for the next country.
    """
    for row in workspace.find_all(Patient, READ_BY, before):
        if row.phone_country != before or row.deleted_at is not None:
            continue
        shown = patient_resource(row)
        row.phone_country = country
        row.phone = read_again(row.phone_given, country)
        changed = changed_fields(shown, patient_resource(row))
        if not changed:
            continue
        note_how_found(row)
        workspace.concerns(row.id)
        next_version(row, workspace)
        workspace.publish(PATIENT_PUT, patient_resource(row), changed=changed)


def archive_patient(command: d.PatientArchive, workspace: Workspace) -> Done[d.Patient | None]:
    workspace.concerns(command.patient_uuid)
    return mirror.archive(PATIENTS, command.patient_uuid, command.observed_at, workspace)


def archive_provider(command: d.ProviderArchive, workspace: Workspace) -> Done[d.Provider | None]:
    return mirror.archive(PROVIDERS, command.provider_uuid, command.observed_at, workspace)


def _fields(command: Command) -> dict[str, Any]:
    names = set(type(command).model_fields) - {"org_id", "patient_uuid", "provider_uuid"}
    return {name: getattr(command, name) for name in sorted(names)}


def _read(
    command: d.PatientPut | d.ProviderPut | d.PracticePut,
    numbers: tuple[str, ...],
    country: str | None,
    workspace: Workspace,
    found: Sequence[FieldError] = (),
) -> dict[str, Any]:
    """The record's fields with its numbers in E.164. Raises Refusal `validation_error`.

    `country` reads national numbers, None where it is not known; `found`: errors found already.
    """
    errors = [*found, *time_errors("observed_at", command.observed_at, workspace.now)]
    fields = _fields(command)
    in_full = read_numbers(fields, numbers, country, errors)
    if errors:
        raise invalid(errors)
    return {**fields, **in_full}


def _needs_of_patient(command: d.PatientPut) -> list[Need]:
    """The practice is locked while a number is read by its country, which might be changing."""
    return [
        Need(Patient, (command.patient_uuid,), writes=True),
        Need(Practice, writes=is_national(command.phone)),
    ]


def _read_by_its_country(command: d.PracticePut, workspace: Workspace) -> Sequence[Need]:
    """The patients and the rows from outside whose numbers have to be read again."""
    row = workspace.find(Practice)
    before = None if row is None else row.country
    if command.country in (None, before):
        return ()
    if row is not None and command.observed_at < row.observed_at:
        return ()
    rows = intake_numbers.rows_read_by(before)
    return [rows] if before is None else [rows, Need(Patient, (before,), by=READ_BY, writes=True)]


HANDLERS = [
    handles(
        PUT_PATIENT,
        put_patient,
        needs=_needs_of_patient,
    ),
    handles(
        d.ARCHIVE_PATIENT,
        archive_patient,
        needs=lambda c: [Need(Patient, (c.patient_uuid,), writes=True)],
    ),
    handles(
        d.PUT_PROVIDER,
        put_provider,
        needs=lambda c: [Need(Provider, (c.provider_uuid,), writes=True)],
    ),
    handles(
        d.ARCHIVE_PROVIDER,
        archive_provider,
        needs=lambda c: [Need(Provider, (c.provider_uuid,), writes=True)],
    ),
    handles(
        PUT_PRACTICE,
        put_practice,
        needs=lambda _: [Need(Practice, writes=True)],
        then_needs=_read_by_its_country,
    ),
]
