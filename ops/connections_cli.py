"""`handoff connection`: wires names and options to `ops.connections`, and nothing else."""

import asyncio
from typing import Annotated

import typer

from contracts.connecting import System
from ops.one_line import ending_in_one_line
from ops.org import check_org

app = typer.Typer(
    no_args_is_help=True, help="Connections to Open Dental and AlfaDocs: what is read from there."
)

Org = Annotated[str, typer.Option(help="Whose connection it is.", callback=check_org)]
Name = Annotated[str, typer.Option(help="What it is called; added again, it goes on.")]
Secret = Annotated[
    list[str] | None,
    typer.Option(help="FIELD=env:VAR or file:PATH (read at each run), or FIELD=- to type it."),
]
Option = Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE of an option.")]


@app.command()
def add(
    system: Annotated[System, typer.Argument(help="Which system.")],
    org: Org,
    name: Name = "main",
    secret: Secret = None,
    option: Option = None,
    wait: Annotated[bool, typer.Option(help="Show its first run until that has ended.")] = False,
) -> None:
    """Add a connection, or change the one of that name; its first run begins at once.

    opendental-server is an interface of ours: its customer key is made and shown once.

    Example: handoff connection add opendental --org demo --secret developer_key=env:OD_DEVELOPER
    --secret customer_key=- --set time_zone=America/Chicago --set referrals_since=2026-01-01
    """
    with ending_in_one_line():
        from messaging.running.settings import load_settings
        from ops import connections
        from ops.environment import adopt_running_up
        from services.connectors.config import new_customer_key
        from services.connectors.settings import ConnectorsSettings

        adopt_running_up()
        settings = load_settings(ConnectorsSettings)
        secrets = connections.read_secrets(settings, org, system, name, secret or [])
        options = connections.read_options(system, option or [])
        key = None
        if system is System.OPENDENTAL_SERVER:
            key, secrets = new_customer_key()
        database = connections.connectors_database()
        id_ = asyncio.run(connections.add(database, org, system, name, options, secrets))
    if key is None:
        print(f"{name} is added to {org} as {id_}; its first run begins now.")
        if wait:
            _watch(org, name)
        return
    print(f"{name} is added to {org} as {id_}. Its customer key is shown this once:\n{key}")


@app.command("list")
def list_(org: Org) -> None:
    """Show an org's connections and how they are.

    Example: handoff connection list --org demo
    """
    with ending_in_one_line():
        from ops import connections
        from ops.environment import adopt_running_up

        adopt_running_up()
        lines = asyncio.run(connections.listed(connections.connectors_database(), org))
    for line in lines or [f"{org} has no connections."]:
        print(line)


@app.command()
def watch(org: Org, name: Name = "main") -> None:
    """Show how far a run is until it has ended. Exit status 1: it failed, or was put off.

    Ctrl-C ends the showing, not the run. Example: handoff connection watch --org demo --name main
    """
    _watch(org, name)


def _watch(org: str, name: str) -> None:
    with ending_in_one_line():
        from ops import connections
        from ops.connections_watch import watched
        from ops.environment import adopt_running_up

        adopt_running_up()
        database = connections.connectors_database()

        async def show() -> None:
            async for line in watched(database, org, name):
                print(line, flush=True)

        asyncio.run(show())


@app.command("test")
def try_out(org: Org, name: Name = "main") -> None:
    """Read once, and say what the credential may, and how the clocks stand.

    Example: handoff connection test --org demo --name main
    """
    with ending_in_one_line():
        from ops import connections
        from ops.environment import adopt_running_up

        adopt_running_up()
        lines = asyncio.run(connections.tested(connections.connectors_database(), org, name))
    for line in lines:
        print(line)


@app.command()
def remove(org: Org, name: Name = "main") -> None:
    """End a connection: nothing more is read or written, its secrets go. What was imported stays.

    Example: handoff connection remove --org demo --name main
    """
    with ending_in_one_line():
        from ops import connections
        from ops.environment import adopt_running_up

        adopt_running_up()
        asyncio.run(connections.remove(connections.connectors_database(), org, name))
    print(f"{name} of {org} is removed. What it imported stays; added again, it goes on.")


@app.command()
def authorize(org: Org, name: Name = "main") -> None:
    """Allow the access to an AlfaDocs archive: open a page, then give the address it leads to.

    Example: handoff connection authorize --org demo --name main
    """
    with ending_in_one_line():
        from ops import connections
        from ops.environment import adopt_running_up

        adopt_running_up()
        database = connections.connectors_database()
        begun = asyncio.run(connections.authorization_begun(database, org, name))
        print(f"Open this page and allow the access:\n{begun.url}")
        address = typer.prompt("The address that it leads to")
        asyncio.run(connections.authorized(database, org, name, begun, address))
    print(f"{name} of {org} is authorized; its next run begins now.")
