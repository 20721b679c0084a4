"""`handoff connection test`: one read of each list, and what it says."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from contracts.connecting import ConnectionFailureCode as Code
from contracts.connecting import System
from messaging.running.settings import load_settings
from ops.connections.addresses import not_asked
from ops.connections.finding import opened
from ops.connections.interface import described
from ops.environment import CannotGoOn
from ops.system_role import Database
from services.connectors.alfadocs.mapping import ZONE
from services.connectors.asking.answers import RunFailed
from services.connectors.config import OPTIONS, AlfaDocsOptions, OpenDentalOptions
from services.connectors.credentials import not_here
from services.connectors.models import Connection
from services.connectors.opening import Opener
from services.connectors.rules.clocks import AHEAD_TOLERATED, parse_stamp
from services.connectors.rules.paging import Asked
from services.connectors.settings import ConnectorsSettings, egress_of

LISTS = ("referrals", "refattaches", "patients/Simple", "providers")
LETTERS_NEED_THE_KEY = (
    "upload_letters is on: OAuth2 has no scope for documents, no letter is filed without the API "
    "key"
)
_ONE = Asked(0, 1)
_WAIT = "wait and try again"
_ADVICE: Mapping[Code, str] = {
    Code.UNAUTHORIZED: "the key is refused: look whether it is the right one and still enabled",
    Code.PERMISSION_MISSING: "the key lacks a permission: docs/connectors names them",
    Code.NEEDS_REAUTHORIZATION: "allow the access by handoff connection authorize; where that "
    "is refused, look at client_id and client_secret",
    Code.WRONG_ARCHIVE: "the key is of another practice or archive: mend --set practice, archive",
    Code.ADDRESS_BLOCKED: "its name leads to a network that is not public: "
    "CONNECTORS_EGRESS_ALLOW lets it through",
    Code.TLS_FAILED: "its certificate is not trusted: CONNECTORS_CA_FILE names further authorities",
    Code.OTHER_SIDE_DOWN: "nobody answers there: look at the address (--set bases, base), and "
    "whether the system runs",
    Code.BAD_ANSWER: "what answers there is not its API: look at the address (--set bases, base)",
}


async def tested(database: Database, org_id: str, name: str) -> list[str]:
    """What a read says of permissions, clock and zone, and what no read can say.

    Raises CannotGoOn where the credential, or the other side, does not do.
    """
    async with opened(database, org_id, name) as (row, opener, engine):
        if row.system is System.OPENDENTAL_SERVER:
            with database.telling_why():
                return await described(engine, org_id, load_settings(ConnectorsSettings))
        tests = {System.OPENDENTAL: _test_opendental, System.ALFADOCS: _test_alfadocs}
        try:
            said = await tests[row.system](row, opener)
        except RunFailed as why:
            raise CannotGoOn(f"{name}: {why.code}: {advice(why, row)}") from None
        return [*said, *_only_here(row)]


def _only_here(row: Connection) -> list[str]:
    """A secret that is read here, and was not where the service runs."""
    references = [held["reference"] for held in row.secrets.values() if "reference" in held]
    if row.code is not Code.SECRET_UNAVAILABLE or not references:
        return []
    return [
        f"but its last run could not read a secret: {', '.join(sorted(references))} has to be "
        "there where handoff serve connectors runs, which may have other variables and files"
    ]


def advice(why: RunFailed, row: Connection) -> str:
    """What a person can do about a failure."""
    if why.code is Code.SECRET_UNAVAILABLE:
        lacking = "; ".join(not_here(row.secrets))
        return lacking or "what is stored cannot be opened: give the secret again with add"
    blocked = _blocked(row)
    if why.code is Code.ADDRESS_BLOCKED and blocked:
        return "; ".join(blocked)
    return "; ".join([_ADVICE.get(why.code, _WAIT), *blocked])


def _blocked(row: Connection) -> list[str]:
    policy = egress_of(load_settings(ConnectorsSettings))
    return not_asked(policy, OPTIONS[row.system](**row.config).asked)


async def _test_opendental(row: Connection, opener: Opener) -> list[str]:
    options = OpenDentalOptions(**row.config)
    client = opener.opendental_client(row, options)
    await client.choose()
    said, rows = ["the key may read definitions"], []
    if len(options.bases) > 1:
        said += [f"{client.base} is the first that answers", *_blocked(row)]
    for resource in LISTS:
        rows += (await client.page(resource, _ONE)).rows
        said.append(f"the key may read {resource}")
    said.append(_clock(rows, options))
    if options.write_back:
        said.append(
            "write_back is on: no read shows whether the key may; it needs All Others and Open "
            "Dental 23.3.26"
        )
    if options.upload_letters:
        said.append(
            "upload_letters is on: no read shows whether the key may; it needs the permission "
            "Documents"
        )
    return said


def _clock(rows: Iterable[Mapping[str, Any]], options: OpenDentalOptions) -> str:
    """How its clock stands to ours, by the zone that it is said to be in."""
    told = (one.get("serverDateTime") for one in rows)
    clock = next((one for one in told if isinstance(one, str) and one), None)
    if clock is None:
        return f"no row told its clock; its stamps are read as times of {options.time_zone}"
    here = datetime.now(UTC).astimezone(options.zone).replace(tzinfo=None)
    ahead = parse_stamp(clock) - here
    said = f"its clock is {round(ahead.total_seconds()):+d} s from ours in {options.time_zone}"
    if abs(ahead) <= AHEAD_TOLERATED:
        return said
    return f"{said}: look whether --set time_zone is that of the server, and at its clock"


async def _test_alfadocs(row: Connection, opener: Opener) -> list[str]:
    options = AlfaDocsOptions(**row.config)
    client = opener.alfadocs_client(row, options)
    await client.check_archive()
    operators = await client.operators()
    patients = await client.patients(_ONE)
    said = [
        "the credential is of this practice and archive",
        f"it may read operators ({len(operators)})",
        f"it may read patients ({patients.total})",
        f"its stamps are read as times of {ZONE.key}",
    ]
    if options.upload_letters and options.oauth:
        said.append(LETTERS_NEED_THE_KEY)
    elif options.upload_letters:
        said.append("upload_letters is on: no read shows whether the key may file documents")
    return said
