"""`handoff up` and `handoff demo`: everything on this machine, with real servers.

Both end with all that they started, whichever way they end.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from ops.catalogue import Served
from ops.demo.sample import ORG_ID, REFUSED_MAILBOX
from ops.demo.showing import Progress, Show, new_console
from ops.environment import CannotGoOn, handoff_folder, the_only_up, this_command
from ops.one_line import STOPPED_BY_PERSON
from ops.servers import NoServer, ServerDidNotStart, Servers, backing_servers

if TYPE_CHECKING:
    from ops.demo.stage import Stage
    from ops.stubs.opendental import OpenDentalStub

PAGES = ("/health/ready", "/metrics", "/asyncapi")
EDGE_PAGES = PAGES[:2]


def demo(save_svg: Path | None) -> int:
    """Tell the story and end; 0 where each referral ended as it should. Raises CannotGoOn."""
    show = Show(new_console())
    began = time.monotonic()
    of_desk: list[str] = []

    async def play(servers: Servers) -> int:
        # Here, so that the first line does not wait for seconds of loading.
        from ops.demo.picture import picture_of_desk
        from ops.demo.practice_system import demo_opendental, import_and_send
        from ops.demo.stage import running_stage
        from ops.demo.story import tell
        from ops.desk_link import one_time_link

        folder = handoff_folder() / "demo"
        async with running_stage(servers, folder, show.say, demo_opendental) as stage:
            rows = await tell(stage, show)
            _show_end(show, rows)
            faults = await import_and_send(stage, show)
            for fault in faults:
                show.say(f"NOT AS IT SHOULD BE: {fault}")
            show.say("To look at while it runs (make up leaves it running):")
            _show_pages(stage, show)
            of_desk.extend(
                await picture_of_desk(one_time_link(stage.variables), folder / "desk.png")
            )
        if save_svg is not None:
            show.save_picture(save_svg)
        return int(bool(faults) or any(row.faults for row in rows))

    try:
        status = _with_servers(play, show)
        show.say(f"{time.monotonic() - began:.0f} s in all. Nothing is left running.")
        for line in of_desk:
            show.say(line)
        return status
    except KeyboardInterrupt:
        show.say("Stopped; nothing is left running.")
        return STOPPED_BY_PERSON


def up(*, empty: bool) -> int:
    """Run until Ctrl-C, with the demo's referrals unless `empty`. Raises CannotGoOn."""
    show = Show(new_console())

    async def run(servers: Servers) -> int:
        from ops.demo.practice_system import demo_opendental, import_and_send
        from ops.demo.stage import running_stage
        from ops.demo.story import tell

        folder = handoff_folder() / "up"
        async with running_stage(servers, folder, show.say, demo_opendental) as stage:
            if not empty:
                _show_end(show, await tell(stage, show))
                for fault in await import_and_send(stage, show):
                    show.say(f"NOT AS IT SHOULD BE: {fault}")
            announce(stage.variables)
            _show_how_to_use(stage, show)
            await asyncio.Event().wait()
        return 0

    with the_only_up() as announce, suppress(KeyboardInterrupt):
        return _with_servers(run, show)
    show.say("Stopped; nothing is left running.")
    return 0


def _with_servers(play: Callable[[Servers], Coroutine[Any, Any, int]], show: Show) -> int:
    def say(line: str) -> None:
        show.say(f"  {line}")

    show.say("Servers:")
    with _ended_by_signals(), _servers(say) as servers:
        try:
            return asyncio.run(play(servers))
        except BaseExceptionGroup as several:
            # One of the services cannot run, or the story could not be told: the first says why.
            first: BaseException = several
            while isinstance(first, BaseExceptionGroup):
                first = first.exceptions[0]
            raise first from None


def _show_opendental(there: "OpenDentalStub", show: Show) -> None:
    """The practice's stand-in, and how another connection to it is added."""
    handoff = this_command()
    show.say(
        f"The practice's Open Dental (a stand-in) {there.url}, developer key "
        f"{there.developer_key}, customer key {there.customer_key}:"
    )
    show.say(f"  {handoff} connection list --org {ORG_ID}")
    show.say(
        f"  printf '{there.developer_key}\\n{there.customer_key}\\n' | {handoff} connection add "
        f"opendental --org {ORG_ID} --name second --set bases={there.url} --set throttle=none "
        f"--set time_zone={there.zone} --secret developer_key=- --secret customer_key=- --wait"
    )


@contextmanager
def _servers(say: Callable[[str], None]) -> Iterator[Servers]:
    """Both backing servers. Raises CannotGoOn where there is no way to get them."""
    with ExitStack() as stack:
        try:
            servers = stack.enter_context(backing_servers(say, handoff_folder()))
        except (NoServer, ServerDidNotStart) as wrong:
            raise CannotGoOn(str(wrong)) from None
        yield servers


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """End in order on Ctrl-C, and on SIGTERM too.

    What a script starts in the background is born with SIGINT ignored (POSIX, shell command
    language, "Asynchronous Lists"), and Python leaves it so: then neither would end it.
    """
    handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: lambda *_: signal.raise_signal(signal.SIGINT),
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show_end(show: Show, rows: Sequence[Progress]) -> None:
    """Where each referral stands, and its letter."""
    show.console.print(show.picture())
    for row in rows:
        for fault in row.faults:
            show.say(f"NOT AS IT SHOULD BE: {row.scene.partner['practice_name']}: {fault}")
    show.say("The letters, as they arrived:")
    for row in rows:
        if row.letter is not None:
            show.say(f"  {os.path.relpath(row.letter)}")


def _show_pages(stage: "Stage", show: Show) -> None:
    for service in stage.services:
        pages = EDGE_PAGES if service.name is Served.EDGE else PAGES
        show.say(f"  {service.name:18} {'  '.join(service.url(page) for page in pages)}")
    show.say(f"  {'HTTP interface':18} {stage.docs_url}")


def _show_how_to_use(stage: "Stage", show: Show) -> None:
    from ops.desk_link import one_time_link

    show.say("The desk, already logged in (once, within an hour; handoff desk makes another link):")
    show.say(f"  {one_time_link(stage.variables)}")
    show.say("To look at:")
    _show_pages(stage, show)
    show.say(f"RabbitMQ: {stage.shown_rabbitmq_url}")
    show.say("It runs. In another terminal of this checkout:")
    handoff = this_command()
    create = "referral_partner.create"
    show.say(f"  {handoff} operations")
    show.say(f"  {handoff} example {create} | {handoff} call {create} -")
    show.say(f'  {handoff} call referral_partner.list \'{{"org_id": "{ORG_ID}"}}\'')
    show.say(f"  {handoff} events --org {ORG_ID}")
    show.say(f"  curl -H 'Authorization: Bearer {stage.token}' {stage.edge_url}/referrals")
    show.say(f"  {handoff} portal --fail 503,503")
    show.say(f"  {handoff} doctor")
    if stage.opendental is not None:
        _show_opendental(stage.opendental, show)
    show.say(f"Demo portal {stage.portal.url}, mail relay {stage.mail.url} (keeps every mail,")
    show.say(f"but for {REFUSED_MAILBOX}: that mailbox it refuses, 550 5.1.1).")
    show.say(f"Logs: {', '.join(str(service.log) for service in stage.services)}")
    show.say("Ctrl-C ends all of it.")
