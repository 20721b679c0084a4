"""`handoff connection`: wires names and options to the modules beside it, and nothing else."""

import asyncio
import sys
from typing import Annotated

import typer

from contracts.connecting import System
from ops.one_line import ending_in_one_line
from ops.org import check_org

app = typer.Typer(
    no_args_is_help=True,
    help="Connections to Open Dental and AlfaDocs, and our own Open Dental interface.",
)

Org = Annotated[str, typer.Option(help="Whose connection it is.", callback=check_org)]
Name = Annotated[str, typer.Option(help="What it is called.")]
Secret = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FIELD=…",
        help="env:VAR or file:/PATH, read by handoff serve connectors at each run, where it runs; "
        "or - to type it, which is kept sealed. May be repeated.",
    ),
]
Option = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="An option, see below. May be repeated."),
]

OPTIONS_AND_SECRETS = "\n\n".join(
    (
        "opendental: secrets developer_key and customer_key. Options: time_zone (needed: the "
        "server's), bases (addresses, with commas), throttle (read_all, remote, none), "
        "referrals_since, write_back, upload_letters, patients, country, keep (nothing, tin, ssn), "
        "interval_minutes.",
        "alfadocs: secret api_key; with oauth=true client_id and client_secret. Options: practice "
        "and archive (needed), oauth, redirect_uri, scope, upload_letters, apply_hints, patients, "
        "base, authorize_url, token_url, interval_minutes.",
        "opendental-server: no secret. Options: time_zone, country, keep.",
        "docs/connectors has a page for each system.",
    )
)


@app.command(epilog=OPTIONS_AND_SECRETS)
def add(
    system: Annotated[
        System,
        typer.Argument(metavar="SYSTEM", help="Which system, see below."),
    ],
    org: Org,
    name: Annotated[
        str,
        typer.Option(help="What it is to be called; one that was removed goes on where it was."),
    ] = ("main"),
    secret: Secret = None,
    option: Option = None,
    patients: Annotated[
        str | None,
        typer.Option(metavar="named|all", help="Only patients whom another row names, or all."),
    ] = None,
    keep_tin: Annotated[
        bool, typer.Option("--keep-tin", help="Keep a referral's TIN, sealed.")
    ] = False,
    keep_ssn: Annotated[
        bool, typer.Option("--keep-ssn", help="Keep a referral's SSN or TIN, sealed.")
    ] = False,
    apply_hints: Annotated[
        bool, typer.Option("--apply-hints", help="Let an appointment move a referral on.")
    ] = False,
    new_key: Annotated[
        bool,
        typer.Option("--new-key", help="Of opendental-server: make a new key, end the old one."),
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Show the run that begins until it has ended.")
    ] = False,
) -> None:
    """Add a connection, or change the one of that name; a run begins at once.

    Of one that is changed, options and secrets that are not given stay.
    opendental-server is an interface of ours: its key is made and shown once.

    Example: handoff connection add opendental --org demo
    --secret developer_key=env:OD_DEVELOPER --secret customer_key=-
    --set time_zone=America/Chicago --set referrals_since=2026-01-01
    """
    with ending_in_one_line():
        from ops.connections import arguments

        named = arguments.flagged(
            patients=patients, keep_tin=keep_tin, keep_ssn=keep_ssn, apply_hints=apply_hints
        )
        options = arguments.read_options(system, [*named, *(option or [])])

        # Loaded once the options are looked at: they take longer than that.
        from messaging.running.settings import load_settings
        from ops.connections import keeping
        from ops.connections.finding import connectors_database
        from ops.environment import adopt_running_up
        from services.connectors.settings import ConnectorsSettings

        adopt_running_up()
        settings = load_settings(ConnectorsSettings)
        secrets = arguments.read_secrets(settings, org, system, name, secret or [])
        database = connectors_database()
        added = asyncio.run(
            keeping.add(database, org, system, name, options, secrets, new_key=new_key)
        )
    for note in added.notes:
        print(f"Note: {note}.", file=sys.stderr)
    if system is System.OPENDENTAL_SERVER:
        print(f"{name} of {org} is {added.how}, as {added.id}.")
        if added.asked_at is not None:
            print(f"Programs ask {added.asked_at}.")
        if added.new_key is None:
            print("Its customer key is the one that it had; --new-key makes another.")
        else:
            ends = "; the one before is refused now" if added.how == "changed" else ""
            print(f"Its customer key is shown this once{ends}:\n{added.new_key}")
        return
    then = "a run begins now"
    if added.lacks_access:
        then = f"now allow the access: handoff connection authorize --org {org} --name {name}"
    print(f"{name} of {org} is {added.how}, as {added.id}; {then}.")
    if wait:
        _watch(org, name)


@app.command("list")
def list_(org: Org) -> None:
    """Show an org's connections, how they are, and what waits for a person.

    Example: handoff connection list --org demo
    """
    with ending_in_one_line():
        from ops.connections.finding import connectors_database
        from ops.connections.keeping import listed
        from ops.environment import adopt_running_up

        adopt_running_up()
        lines = asyncio.run(listed(connectors_database(), org))
    for line in lines or [f"{org} has no connections."]:
        print(line)


@app.command()
def watch(org: Org, name: Name = "main") -> None:
    """Show how far a run is until it has ended.

    Exit status 1: it failed, or was put off. Ctrl-C ends the showing, not the run.

    Example: handoff connection watch --org demo --name main
    """
    _watch(org, name)


def _watch(org: str, name: str) -> None:
    with ending_in_one_line():
        from ops.connections.finding import connectors_database
        from ops.connections.watching import watched
        from ops.environment import adopt_running_up

        adopt_running_up()
        database = connectors_database()

        async def show() -> None:
            async for line in watched(database, org, name):
                print(line, flush=True)

        asyncio.run(show())


@app.command("test")
def try_out(org: Org, name: Name = "main") -> None:
    """Read once, and say what the credential may, and how the clocks stand.

    A secret that is env:VAR or file:/PATH is read here, where the test runs.
    Of an opendental-server: where programs ask it, and how many rows it shows.

    Example: handoff connection test --org demo --name main
    """
    with ending_in_one_line():
        from ops.connections.finding import connectors_database
        from ops.connections.trial import tested
        from ops.environment import adopt_running_up

        adopt_running_up()
        lines = asyncio.run(tested(connectors_database(), org, name))
    for line in lines:
        print(line)


@app.command()
def remove(org: Org, name: Name = "main") -> None:
    """End a connection: nothing more is read or written, its secrets go.

    What was imported stays. Added again under the same name, it goes on where it was.

    Example: handoff connection remove --org demo --name main
    """
    with ending_in_one_line():
        from ops.connections.finding import connectors_database
        from ops.connections.keeping import remove
        from ops.environment import adopt_running_up

        adopt_running_up()
        asyncio.run(remove(connectors_database(), org, name))
    print(f"{name} of {org} is removed. What it imported stays; added again, it goes on.")


@app.command()
def authorize(org: Org, name: Name = "main") -> None:
    """Allow the access to an AlfaDocs archive.

    It prints a page to open, and then takes the address that the page leads to.

    Example: handoff connection authorize --org demo --name main
    """
    with ending_in_one_line():
        from ops.connections.authorizing import authorization_begun, authorized, typed_address
        from ops.connections.finding import connectors_database
        from ops.environment import adopt_running_up

        adopt_running_up()
        database = connectors_database()
        begun = asyncio.run(authorization_begun(database, org, name))
        print(f"Open this page and allow the access:\n{begun.url}")
        asyncio.run(authorized(database, org, name, begun, typed_address()))
    print(f"{name} of {org} is authorized; its next run begins now.")
