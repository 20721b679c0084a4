"""For who tries the product: its operations, a body that works, a partner to play against."""

import asyncio
import errno
import json
import shlex
from base64 import b64decode
from collections.abc import Iterable, Iterator
from pathlib import Path

from contracts.catalogue import OPERATIONS
from contracts.documents.examples import EXAMPLES, ORG_ID, Another, body_of
from ops.calling import find_operation
from ops.demo.portal import PortalPartner, demo_portal, letter_in
from ops.environment import CannotGoOn, WrongArgument
from services.ereferral_dispatch.senders.portal.signature import SECRET_LENGTH_BYTES, WHSEC

PARTNER_PATH = "partner"


def listed_operations(wanted: str) -> Iterator[str]:
    """A line for each operation whose name holds the text: name, exchange, what it is.

    Raises WrongArgument where there is none.
    """
    found = [operation for name, operation in OPERATIONS.items() if wanted in name]
    if not found:
        find_operation(wanted)  # It says which names are near.
    name_width = max((len(operation.name) for operation in found), default=0)
    exchange_width = max((len(operation.exchange) for operation in found), default=0)
    for operation in found:
        columns = f"{operation.name:{name_width}}  {operation.exchange:{exchange_width}}"
        yield f"{columns}  {EXAMPLES[operation.name].does}"


def example(name: str) -> str:
    """The example's body as JSON. Raises WrongArgument where there is no such operation."""
    return json.dumps(body_of(find_operation(name).name), indent=2, ensure_ascii=False)


def needs_of_example(name: str, handoff: str) -> list[str]:
    """What has to be so before the example works, in lines; none where nothing has to be."""
    found = EXAMPLES[name]
    lines = []
    if found.needs:
        lines.append("It works after these, which may be done already:")
        lines += [f"  {_sending(need, handoff)}" for need in found.needs]
    if found.when is not None:
        lines.append(f"It works when: {found.when}")
    if "base_version" in found.body and "base_version" not in (found.when or ""):
        resource = name.partition(".")[0]
        read_by = f"{resource}.get" if f"{resource}.get" in OPERATIONS else f"{resource}.list"
        lines.append(
            f"base_version is the version that it has by then: {found.body['base_version']} as "
            f"long as nothing changed it; {read_by} shows it."
        )
    return lines


def _sending(need: str | Another, handoff: str) -> str:
    """The command line that sends what an example needs."""
    if isinstance(need, Another):
        body = shlex.quote(json.dumps({"org_id": ORG_ID, **need.body}))
        return f"{handoff} call {need.operation} {body}"
    return f"{handoff} example {need} | {handoff} call {need} -"


def statuses(text: str) -> list[int]:
    """`503,503` as statuses. Raises WrongArgument where one is no HTTP status of a failure."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    for part in parts:
        if not (part.isascii() and part.isdecimal() and 300 <= int(part) <= 599):
            raise WrongArgument(
                f"--fail takes HTTP statuses from 300 to 599 with commas between, "
                f"such as 503,503; {part!r} is none"
            )
    return [int(part) for part in parts]


def check_secret(secret: str | None) -> str | None:
    """The secret as a portal verifies with it; None where there is none. Raises WrongArgument."""
    if not secret:
        return None
    try:
        held = b64decode(secret.removeprefix(WHSEC), validate=True)
    except ValueError:
        held = b""
    if not secret.startswith(WHSEC) or len(held) != SECRET_LENGTH_BYTES:
        raise WrongArgument(
            "--secret takes what handoff partner-secret prints: "
            f"{WHSEC} and {SECRET_LENGTH_BYTES} bytes in base64"
        )
    return secret


async def portal(
    *, port: int, secret: str | None, fails: Iterable[int], letters: Path | None, handoff: str
) -> None:
    """Be a partner's portal on 127.0.0.1 until cancelled, and say what comes.

    `secret`: what signatures are verified with; None: they are not looked at. `letters`: a folder
    that each letter is written into. Raises CannotGoOn where the port is taken.
    """
    partner = PortalPartner(PARTNER_PATH, secret, fails=list(fails))

    def tell(status: int, webhook_id: str, body: bytes) -> None:
        saved = _save_letter(body, letters, webhook_id) if status == 200 else None
        line = f"{webhook_id or 'without webhook-id'}: answered {status}, {len(body)} bytes"
        print(line + (f", letter in {saved}" if saved else ""), flush=True)

    partner.told = tell
    try:
        async with demo_portal(port) as opened:
            endpoint = opened.add(partner)
            _say_how_to_use(endpoint, secret, handoff)
            await asyncio.Event().wait()
    except OSError as error:
        raise CannotGoOn(_why_not_at(port, error.errno)) from None


def _why_not_at(port: int, number: int | None) -> str:
    match number:
        case errno.EADDRINUSE:
            why = "is taken: give another one, or none for any that is free"
        case errno.EACCES:
            why = "is not for every user: give one from 1024 on, or none for any that is free"
        case _:
            why = f"cannot be listened on ({errno.errorcode.get(number or 0, 'unknown')})"
    return f"--port: port {port} of 127.0.0.1 {why}"


def _save_letter(body: bytes, folder: Path | None, webhook_id: str) -> Path | None:
    if folder is None or not webhook_id.replace("-", "").replace(".", "").isalnum():
        return None
    letter = letter_in(json.loads(body))
    if letter is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{webhook_id}.pdf"
    path.write_bytes(letter)
    return path


def _say_how_to_use(endpoint: str, secret: str | None, handoff: str) -> None:
    partner = {
        "org_id": "demo",
        "contact_type": "practice",
        "practice_name": "Demo Portal Practice",
        "accepts_ereferral": True,
        "ereferral_endpoint": endpoint,
    }
    print(f"A partner's portal listens at {endpoint} until Ctrl-C.")
    if secret is None:
        print("Signatures are not looked at; --org and --partner, or --secret, make it verify.")
    print("A partner that takes its e-referrals there:")
    print(f"  {handoff} call referral_partner.create '{json.dumps(partner)}'")
    print("What comes:", flush=True)
