"""The two systems as a run sees them: phases, pages, and what each row of a page is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from contracts.connecting import ImportKind
from services.connectors.alfadocs import rows as alfadocs
from services.connectors.alfadocs.client import AlfaDocs
from services.connectors.config import AlfaDocsOptions, OpenDentalOptions
from services.connectors.opendental import rows as opendental
from services.connectors.opendental.client import OpenDental
from services.connectors.opendental.mapping import becomes_draft, kind_of, names_of
from services.connectors.rules.paging import Asked
from services.connectors.rules.versions import digest

Kept = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """One row of a page. `external_id` is empty where the row has no id; `refused` are the fields
    that could not be read of such a row.

    `parent` is the external id of the patient that it names, `rank` its place among that patient's.
    `named_only`: kept where another row names it. `known_only`: counted as history where it is not
    known. `also`: kinds that it is too, where it is known as such; `replaces`: kinds that it is no
    longer.
    """

    kind: ImportKind
    external_id: str
    kept: Kept = field(default_factory=dict, repr=False)
    stamp: str | None = None
    refused: tuple[str, ...] = ()
    parent: str | None = None
    rank: int | None = None
    identity: str | None = None
    named_only: bool = False
    known_only: bool = False
    also: tuple[ImportKind, ...] = ()
    replaces: tuple[ImportKind, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page. `ids` are those of all its rows in their order, `groups` what each of them becomes.

    `filtered` is False where it was asked for changes and came whole. `total`: how many rows there
    are in all, where that is said.
    """

    ids: list[str]
    groups: list[list[Found]]
    server_time: str | None = None
    highest_stamp: str | None = None
    filtered: bool = True
    total: int | None = None
    definitions: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Phase:
    """One list. `sweeps`: the kinds that a complete reading of it proves to be gone.

    `by_time`: it can be asked for changes alone. `whole`: it comes in one answer, without pages.
    `identifies`: its rows tell whether this is still the same database.
    """

    name: str
    sweeps: tuple[ImportKind, ...] = ()
    by_time: bool = False
    whole: bool = False
    identifies: bool = False


class ReadSystem(Protocol):
    """A system that rows are read from."""

    phases: Sequence[Phase]

    async def begin(self) -> None:
        """Make sure that it is the right one and that it answers. Raises RunFailed."""

    async def fetch(self, phase: Phase, asked: Asked, since: str | None) -> Fetched:
        """A page of a phase. Raises RunFailed."""

    async def is_there(self, kind: ImportKind, external_id: str) -> bool | None:
        """Whether a row that a list lacked is there all the same; None: nobody can say."""

    async def named_patient(self, external_id: str) -> Found | None:
        """A patient whom a row names and no list gave; None where there is none."""


class OpenDentalSystem:
    """Open Dental. Its patients come after those who name them."""

    phases: Sequence[Phase] = (
        Phase("definitions"),
        Phase("providers", sweeps=(ImportKind.PROVIDER,)),
        Phase("referrals", sweeps=(ImportKind.PARTNER, ImportKind.SOURCE), identifies=True),
        Phase("refattaches", sweeps=(ImportKind.ATTRIBUTION, ImportKind.REFERRAL), by_time=True),
        Phase("patients", by_time=True),
    )

    def __init__(self, client: OpenDental, options: OpenDentalOptions) -> None:
        self._client = client
        self._options = options

    async def begin(self) -> None:
        await self._client.choose()

    async def fetch(self, phase: Phase, asked: Asked, since: str | None) -> Fetched:
        filters = {"Category": "35"} if phase.name == "definitions" else {}
        if since is not None:
            filters["DateTStamp"] = since
        resource = "patients/Simple" if phase.name == "patients" else phase.name
        page = await self._client.page(resource, asked, filters)
        read = {
            "definitions": opendental.read_definition,
            "providers": opendental.read_provider,
            "referrals": lambda raw: opendental.read_referral(raw, self._options.keep),
            "refattaches": opendental.read_refattach,
            "patients": opendental.read_patient,
        }[phase.name]
        id_name = {
            "definitions": "DefNum",
            "providers": "ProvNum",
            "referrals": "ReferralNum",
            "refattaches": "RefAttachNum",
            "patients": "PatNum",
        }[phase.name]
        groups: list[list[Found]] = []
        definitions: dict[int, str] = {}
        stamps: list[str] = []
        for raw in page.rows:
            one: opendental.Read = read(raw)
            if one.stamp is not None:
                stamps.append(one.stamp)
            if phase.name == "definitions":
                if one.row is not None and one.row.item_name:
                    definitions[one.row.def_num] = one.row.item_name
                groups.append([])
                continue
            groups.append([self._found(one, phase)])
        ignored = since is not None and any(stamp <= since for stamp in stamps)
        clock = page.rows[0].get("serverDateTime") if page.rows else None
        return Fetched(
            [str(raw.get(id_name)) for raw in page.rows],
            groups,
            clock if isinstance(clock, str) and clock else None,
            max(stamps, default=None),
            page.filtered and not ignored,
            definitions=definitions,
        )

    def _found(self, one: opendental.Read, phase: Phase) -> Found:
        match one.row:
            case opendental.ProviderRow() as row:
                return self._of(one, ImportKind.PROVIDER, row.prov_num)
            case opendental.ReferralRow() as row:
                return self._referral(one, row)
            case opendental.RefAttachRow() as row:
                return self._refattach(one, row)
            case opendental.PatientRow() as row:
                named = self._options.patients == "named"
                return self._of(one, ImportKind.PATIENT, row.pat_num, named_only=named)
        kinds = {
            "providers": ImportKind.PROVIDER,
            "referrals": ImportKind.SOURCE,
            "refattaches": ImportKind.ATTRIBUTION,
        }
        return Found(kinds.get(phase.name, ImportKind.PATIENT), "", refused=one.refused)

    def _referral(self, one: opendental.Read, row: opendental.ReferralRow) -> Found:
        kind = kind_of(row)
        is_source = kind is ImportKind.SOURCE
        return self._of(
            one,
            kind,
            row.referral_num,
            parent=str(row.pat_num) if row.pat_num else None,
            identity=digest({"kind": kind.value, "names": list(names_of(row))}),
            also=(ImportKind.PARTNER,) if is_source else (),
            replaces=() if is_source else (ImportKind.SOURCE,),
        )

    def _refattach(self, one: opendental.Read, row: opendental.RefAttachRow) -> Found:
        parent = str(row.pat_num) if row.pat_num else None
        rank = row.item_order
        if row.referral_type == opendental.ReferralType.FROM:
            kind, number = ImportKind.ATTRIBUTION, row.ref_attach_num
            return self._of(one, kind, number, parent=parent, rank=rank)
        draft = becomes_draft(row, self._options.referrals_since)
        return self._of(
            one,
            ImportKind.REFERRAL,
            row.ref_attach_num,
            parent=parent,
            rank=rank,
            known_only=not draft,
            replaces=(ImportKind.ATTRIBUTION,),
        )

    def _of(self, one: opendental.Read, kind: ImportKind, number: int, **more: Any) -> Found:
        return Found(kind, str(number), opendental.kept(one.row), one.stamp, **more)

    async def is_there(self, kind: ImportKind, external_id: str) -> bool | None:
        resource = {
            ImportKind.PARTNER: "referrals",
            ImportKind.SOURCE: "referrals",
            ImportKind.PROVIDER: "providers",
        }.get(kind)
        if resource is None:
            return None
        return await self._client.single(resource, int(external_id)) is not None

    async def named_patient(self, external_id: str) -> Found | None:
        raw = await self._client.single("patients", int(external_id))
        if raw is None:
            return None
        one = opendental.read_patient(raw)
        if one.row is None:
            return None
        return self._of(one, ImportKind.PATIENT, one.row.pat_num)


class AlfaDocsSystem:
    """AlfaDocs: its list knows no time, so it is read whole and the digests decide."""

    phases: Sequence[Phase] = (
        Phase("operators", sweeps=(ImportKind.PROVIDER,), whole=True),
        Phase("patients"),
    )

    def __init__(self, client: AlfaDocs, options: AlfaDocsOptions) -> None:
        self._client = client
        self._options = options

    async def begin(self) -> None:
        await self._client.check_archive()

    async def fetch(self, phase: Phase, asked: Asked, since: str | None) -> Fetched:
        if phase.name == "operators":
            raws = await self._client.operators()
            found = [self._operator(raw) for raw in raws]
            return Fetched([one.external_id for one in found], [[one] for one in found])
        page = await self._client.patients(asked)
        rows = [self._patient(raw) for raw in page.rows]
        ids = [str(raw.get("id")) for raw in page.rows]
        return Fetched(ids, rows, total=page.total)

    def _operator(self, raw: Mapping[str, Any]) -> Found:
        one = alfadocs.read_operator(raw)
        if one.row is None:
            return Found(ImportKind.PROVIDER, "", refused=one.refused)
        kept = alfadocs.kept(one.row)
        return Found(ImportKind.PROVIDER, str(one.row.id), kept)

    def _patient(self, raw: Mapping[str, Any]) -> list[Found]:
        one = alfadocs.read_patient(raw)
        row = one.row
        if row is None:
            return [Found(ImportKind.PATIENT, "", refused=one.refused)]
        if self._options.patients == "named" and not row.source_id:
            return []
        kept, number = alfadocs.kept(row), str(row.id)
        patient = Found(ImportKind.PATIENT, number, kept, one.stamp)
        if not row.source_id:
            return [patient]
        brought = {"id": row.id, "source_id": row.source_id, "created_at": row.created_at}
        attribution = Found(
            ImportKind.ATTRIBUTION, f"{row.id}-{row.source_id}", brought, one.stamp, parent=number
        )
        return [patient, attribution]

    async def is_there(self, kind: ImportKind, external_id: str) -> bool | None:
        return None

    async def named_patient(self, external_id: str) -> Found | None:
        return None
