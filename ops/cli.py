"""The `handoff` command: wires names and options to what does the work, and nothing else.

What a command does not need is not imported, so that each starts quickly.
"""

import asyncio
import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from ops.catalogue import Served, ServiceName, services_here
from ops.connections.cli import app as connection
from ops.dead_letters_cli import app as dead_letters
from ops.keeping_cli import app as keeping
from ops.one_line import FAILED, ending_in_one_line
from ops.org import check_org
from ops.tokens_cli import app as tokens
from ops.trying_cli import app as trying

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Gets a patient's referral from one practice to another without losing it.",
)
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(connection, name="connection")
app.add_typer(keeping)
app.add_typer(tokens, name="token")
app.add_typer(trying)


@app.command()
def serve(service: Annotated[Served, typer.Argument(help="Which service.")]) -> None:
    """Run one replica of a service, or of the HTTP edge, until SIGTERM; what has begun is finished
    within 30 s.

    Example: handoff serve referrals
    """
    with ending_in_one_line():
        name = service.with_database
        if name is None:
            from ops.edge_serving import serve_edge

            well = serve_edge()
        else:
            from ops.serving import serve as run

            well = run(name)
    raise typer.Exit(0 if well else FAILED)


@app.command()
def migrate(
    service: Annotated[
        ServiceName | None, typer.Argument(help="Without it: all that run here.")
    ] = None,
) -> None:
    """Bring the databases to the newest schema; running it again changes nothing.

    Example: handoff migrate referrals
    """
    with ending_in_one_line():
        from ops.migrations import migrate_service

        for name in [service] if service else services_here():
            print(migrate_service(name), flush=True)


@app.command()
def up(
    empty: Annotated[
        bool, typer.Option("--empty", help="Without the demo's practice and referrals.")
    ] = False,
) -> None:
    """Run everything on this machine until Ctrl-C: servers, services, edge, demo partners.

    Example: handoff up
    """
    with ending_in_one_line():
        from ops.up import up as run

        status = run(empty=empty)
    raise typer.Exit(status)


@app.command()
def demo(
    save_svg: Annotated[Path | None, typer.Option(help="Save the last table as a picture.")] = None,
) -> None:
    """Send referrals to fictional partners and watch them arrive; leaves nothing running.

    Example: handoff demo
    """
    with ending_in_one_line():
        from ops.up import demo as run

        status = run(save_svg)
    raise typer.Exit(status)


@app.command()
def doctor(
    print_permissions: Annotated[
        bool,
        typer.Option("--print-permissions", help="Print RabbitMQ's users and permissions instead."),
    ] = False,
    vhost: Annotated[str, typer.Option(help="The vhost of those permissions.")] = "/",
) -> None:
    """Look at each setting, dependency, migration and queue: fine, or what to do.

    Example: handoff doctor
    """
    if print_permissions:
        with ending_in_one_line():
            from ops import permissions

            print(permissions.script(permissions.all_permissions(), vhost))
        return
    from ops.doctor import Severity, examine
    from ops.edge_doctor import examine_edge
    from ops.environment import adopt_running_up

    if adopt_running_up():
        print("Looking at the running handoff up of this checkout.")
    wrong = 0
    looked_at = [(name.value, examine(name)) for name in services_here()]
    for title, findings in [*looked_at, (Served.EDGE.value, examine_edge())]:
        print(f"{title}:")
        for finding in findings:
            print(f"  {finding.severity:5}  {finding.what}: {finding.words}", flush=True)
            wrong += finding.severity is Severity.WRONG
    print("Everything is fine." if not wrong else f"{wrong} to be mended.")
    raise typer.Exit(FAILED if wrong else 0)


@app.command()
def call(
    operation: Annotated[str, typer.Argument(help="Such as referral.get.")],
    body: Annotated[str, typer.Argument(help="A JSON object with org_id; - reads it from stdin.")],
    timeout: Annotated[
        float, typer.Option(min=0.1, max=86400, help="Seconds to wait for the reply.")
    ] = 30.0,
    message_id: Annotated[
        UUID | None, typer.Option(help="The same one again has no second effect.")
    ] = None,
    actor: Annotated[str | None, typer.Option(help="Who is behind it: an opaque id.")] = None,
) -> None:
    """Send a command or query and print the reply; 0 for success, 1 for a problem.

    Example: handoff call referral_partner.list '{"org_id": "demo"}'
    """
    with ending_in_one_line():
        from ops import calling
        from ops.environment import adopt_running_up, rabbitmq_url

        adopt_running_up()
        wanted = calling.find_operation(operation)
        reply = asyncio.run(
            calling.call(
                rabbitmq_url(calling.service_of(wanted)),
                wanted,
                calling.check_body(sys.stdin.read() if body == "-" else body),
                message_id=message_id,
                actor=actor,
                timeout_seconds=timeout,
            )
        )
    print(calling.as_json(reply))
    raise typer.Exit(0 if reply.problem is None else FAILED)


@app.command()
def events(
    org: Annotated[str | None, typer.Option(help="Of this org alone.", callback=check_org)] = None,
    binding: Annotated[
        str, typer.Option("--type", help="A binding pattern: * is one word, # any number.")
    ] = "#",
    as_json: Annotated[
        bool, typer.Option("--json", help="Whole events: they hold patient data.")
    ] = False,
) -> None:
    """Print the events of the services as they happen, until Ctrl-C.

    Example: handoff events --org demo --type 'ereferral.*'
    """
    with ending_in_one_line():
        from ops.environment import adopt_running_up
        from ops.tail import tail

        adopt_running_up()
        try:
            asyncio.run(tail(binding, org, as_json=as_json))
        except KeyboardInterrupt:
            raise typer.Exit(0) from None


@app.command()
def desk(
    actor: Annotated[
        str | None, typer.Option(help="Whose token it is for; the newest person's without it.")
    ] = None,
    browse: Annotated[bool, typer.Option("--open", help="Open it in a browser too.")] = False,
) -> None:
    """Print a link that logs you in at the desk, once, within an hour.

    Example: handoff desk
    """
    with ending_in_one_line():
        import os
        import webbrowser

        from ops.desk_link import one_time_link
        from ops.environment import adopt_running_up

        adopt_running_up()
        link = one_time_link(os.environ, actor)
        print(link)
        if browse:
            webbrowser.open(link)


@app.command("partner-secret")
def partner_secret(
    org: Annotated[str, typer.Argument(help="The org that refers.", callback=check_org)],
    partner: Annotated[UUID, typer.Argument(help="The referral partner's id.")],
) -> None:
    """Show the secret that a partner's portal verifies our signatures with.

    Example: handoff partner-secret demo 01930000-0000-7000-8000-00000000b001
    """
    with ending_in_one_line():
        from ops.environment import adopt_running_up, one_setting
        from services.ereferral_dispatch.senders.portal import signature

        adopt_running_up()
        key = one_setting(ServiceName.EREFERRAL_DISPATCH, "signing_key")
    print(signature.whsec(signature.partner_secret(key, org, partner)))


@app.command()
def schemas(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; 1 where files differ.")
    ] = False,
    docs: Annotated[Path | None, typer.Option(help="The folder; docs/ of this checkout.")] = None,
) -> None:
    """Write AsyncAPI, OpenAPI, JSON Schemas, settings and lifecycles into docs/.

    Example: handoff schemas --check
    """
    from ops import schemas as generated
    from ops.environment import CHECKOUT

    folder = docs or CHECKOUT / "docs"
    if check:
        different = generated.differences(folder)
        for path in different:
            print(f"{folder / path} is not what the code says: run make schemas")
        raise typer.Exit(FAILED if different else 0)
    changed = generated.write(folder)
    for path in changed:
        print(folder / path)
    print(f"{len(changed)} changed.")


if __name__ == "__main__":
    app()
