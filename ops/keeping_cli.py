"""The commands about what is kept of patients: who saw it, how long, and how it goes."""

import asyncio
from functools import partial
from typing import Annotated
from uuid import UUID

import typer

from ops.catalogue import ServiceName, services_here
from ops.one_line import ending_in_one_line
from ops.org import check_org

app = typer.Typer()

Org = Annotated[str, typer.Option(help="The org that the patient belongs to.", callback=check_org)]
Patient = Annotated[UUID, typer.Option(help="The patient's id.")]


@app.command()
def audit(
    org: Org,
    patient: Patient,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show who changed or read a patient's data, when and by which message, oldest first.

    All services' trails. Ids alone: it shows no patient data.

    Example: handoff audit --org demo --patient 01930000-0000-7000-8000-00000000a001
    """
    with ending_in_one_line():
        from ops import trail
        from ops.environment import adopt_running_up
        from ops.system_role import find_database

        adopt_running_up()
        databases = [find_database(name) for name in services_here()]
        entries = asyncio.run(trail.read_trail(databases, org, patient))
    for name, entry in entries if as_json else ():
        print(trail.as_json(name, entry))
    if not as_json:
        print(trail.HEADING if entries else f"Nothing is there about patient {patient} of {org}.")
        for name, entry in entries:
            print(trail.as_line(name, entry))


@app.command()
def purge(
    older_than: Annotated[str, typer.Option(help="Days, such as 90d.")],
    service: Annotated[
        ServiceName | None, typer.Option(help="Without it: all that run here.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")] = False,
) -> None:
    """Remove what is old: packages of e-referrals that ended, reasons of early cancels, what rows
    of the intake said, message ids and stored replies.

    Beside running services; again is harmless. What waits to be published is never removed, and
    nothing goes sooner than clients were promised (*_INBOX_RETENTION_DAYS, *_REPLY_RETENTION_DAYS,
    REFERRALS_INTAKE_RETENTION_DAYS).

    Example: handoff purge --older-than 90d --dry-run
    """
    with ending_in_one_line():
        from ops import purging
        from ops.environment import adopt_running_up
        from ops.system_role import find_database

        adopt_running_up()
        age = purging.read_age(older_than)
        for database in [
            find_database(name) for name in ([service] if service else services_here())
        ]:
            print(f"{database.name} at {database.place}:", flush=True)
            with database.telling_why():
                lines = asyncio.run(purging.purge(database, age, dry_run=dry_run))
            for line in lines:
                verb = "stay" if line.stays else ("would go" if dry_run else "gone")
                print(f"  {line.what:20} {line.count:>9}  {verb}, {line.note}", flush=True)


@app.command("erase-patient")
def erase_patient(
    org: Org,
    patient: Patient,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")] = False,
    despite_missing_news: Annotated[
        bool,
        typer.Option(
            "--despite-missing-news", help="Although news of an e-referral was discarded."
        ),
    ] = False,
) -> None:
    """Erase one patient's data in the services; ids and the audit trail stay.

    Erase the patient where they come from first: a newer patient.put brings them back. What is
    under way has to end or be cancelled before. 1 where neither service ever knew the patient.

    Example: handoff erase-patient --org demo --patient 01930000-0000-7000-8000-00000000a001
    """
    with ending_in_one_line():
        from ops import erasing
        from ops.environment import adopt_running_up
        from ops.system_role import find_database

        adopt_running_up()
        names = services_here()
        of_referrals, of_dispatch, *others = (find_database(name) for name in names)
        erase = partial(
            erasing.erase,
            of_referrals,
            of_dispatch,
            others[0] if others else None,
            erasing.Patient(org, patient),
            dry_run=dry_run,
            despite_missing_news=despite_missing_news,
        )
        erased = asyncio.run(erasing.again_where_contended(erase))
    for name, counted in zip(names, erased, strict=True):
        print(f"{name}:")
        for what, count in counted.counts.items():
            print(f"  {what:22} {count:>6}  {'would be erased' if dry_run else 'erased'}")
    if not any(one.total for one in erased):
        print(f"Nothing is left to erase about patient {patient} of {org}.")
