"""The commands for who tries the product: operations, example, portal."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from ops.catalogue import ServiceName
from ops.one_line import ending_in_one_line
from ops.org import check_org

app = typer.Typer()


@app.command()
def operations(
    text: Annotated[str, typer.Argument(help="Only those whose name holds it.")] = "",
) -> None:
    """List the operations, a line each: its name, its exchange, what it does.

    Example: handoff operations referral_source
    """
    with ending_in_one_line():
        from ops import trying

        for line in trying.listed_operations(text):
            print(line)


@app.command()
def example(
    operation: Annotated[str, typer.Argument(help="Such as referral.create.")],
) -> None:
    """Print a body that works; what has to be done before is said on standard error.

    Example: handoff example referral_partner.create | handoff call referral_partner.create -
    """
    with ending_in_one_line():
        from ops import trying
        from ops.environment import this_command

        print(trying.example(operation))
        for line in trying.needs_of_example(operation, this_command()):
            print(line, file=sys.stderr)


@app.command()
def portal(
    fail: Annotated[
        str, typer.Option(help="Statuses of the first answers, such as 503,503; then 200.")
    ] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 0,
    org: Annotated[
        str | None, typer.Option(help="Verify as this org's partner.", callback=check_org)
    ] = None,
    partner: Annotated[UUID | None, typer.Option(help="Verify as this partner.")] = None,
    secret: Annotated[
        str | None,
        typer.Option(
            envvar="HANDOFF_PORTAL_SECRET",
            help="Verify with this secret: whsec_….",
            show_default=False,
        ),
    ] = None,
    letters: Annotated[Path | None, typer.Option(help="A folder to put letters into.")] = None,
) -> None:
    """Be a partner's portal on this machine until Ctrl-C, to send e-referrals to.

    It answers 409 to a repeat, as FHIR portals do. Services reach it where
    DISPATCH_EGRESS_ALLOW and DISPATCH_ALLOW_HTTP let them, as handoff up does.

    Example: handoff portal --fail 503,503
    """
    with ending_in_one_line():
        from ops import trying
        from ops.environment import (
            WrongArgument,
            adopt_running_up,
            one_setting,
            this_command,
        )
        from services.ereferral_dispatch.senders.portal import signature

        if (org is None) is not (partner is None) or (secret is not None and org is not None):
            raise WrongArgument("Give --org and --partner together, or --secret, or none of them")
        secret = trying.check_secret(secret)
        if org is not None and partner is not None:
            adopt_running_up()
            key = one_setting(ServiceName.EREFERRAL_DISPATCH, "signing_key")
            secret = signature.whsec(signature.partner_secret(key, org, partner))
        try:
            asyncio.run(
                trying.portal(
                    port=port,
                    secret=secret,
                    fails=trying.statuses(fail),
                    letters=letters,
                    handoff=this_command(),
                )
            )
        except KeyboardInterrupt:
            raise typer.Exit(0) from None
