"""Operations, examples and the portal, as a person at the command line meets them."""

import json
import shlex
import socket

import pytest

from contracts.catalogue import OPERATIONS
from contracts.documents.examples import EXAMPLES
from ops import trying
from ops.environment import WrongArgument
from tests.support.services.command_line import handoff

PARTNER = "01930000-0000-7000-8000-00000000b001"


def test_operations_are_listed_a_line_each_with_exchange_and_purpose() -> None:
    """Those whose name holds the text, in the catalogue's order."""
    listed = handoff("operations", "referral_source_cost").stdout.splitlines()
    assert [line.split()[0] for line in listed] == [
        "referral_source_cost.create",
        "referral_source_cost.update",
        "referral_source_cost.archive",
        "referral_source_cost.get",
        "referral_source_cost.list",
    ]
    assert listed[0].split()[1] == "referrals.commands"
    assert listed[3].endswith("Read one cost of a source.")


def test_what_no_operation_is_called_is_told_with_what_is_near() -> None:
    """It ends with 2 and names operations that may be meant."""
    ended = handoff("operations", "referral.sent")
    assert ended.exit_code == 2
    assert "referral.send" in ended.stderr


def test_an_example_is_json_alone_and_its_needs_are_said_beside_it() -> None:
    """So that it can be piped into `handoff call`."""
    ended = handoff("example", "referral_partner.update")
    body = json.loads(ended.stdout)
    assert body["org_id"] == "demo"
    assert body["base_version"] == 1
    assert "example referral_partner.create |" in ended.stderr


def test_an_example_that_needs_an_operation_twice_says_both_bodies() -> None:
    """The other one stands on the line as `handoff call` takes it."""
    said = handoff("example", "contact_referral.create").stderr.splitlines()
    assert [line.split()[-2:] for line in said[1:3]] == [["patient.put", "-"], ["contact.put", "-"]]
    call, operation, body = shlex.split(said[3])[-3:]
    assert (call, operation) == ("call", "contact.put")
    assert json.loads(body)["name"] == "Demo Neighbour Nora"


@pytest.mark.parametrize(
    "operation",
    [name for name, example in EXAMPLES.items() if "base_version" in example.body],
)
def test_an_example_with_a_version_says_which_that_is(operation: str) -> None:
    """What was updated before has another one than its example: 409, unless one reads it first."""
    said = handoff("example", operation).stderr
    resource = operation.partition(".")[0]
    read_by = [name for name in (f"{resource}.get", f"{resource}.list") if name in OPERATIONS]
    assert "base_version is " in said and read_by[0] in said


def test_an_example_that_needs_a_state_says_which() -> None:
    """No command alone brings about an outcome that is unknown."""
    assert "outcome_unknown" in handoff("example", "ereferral.resolve").stderr


@pytest.mark.parametrize(
    ("text", "found"),
    [("", []), ("503", [503]), ("503, 410 ,", [503, 410]), ("300,599", [300, 599])],
)
def test_statuses_are_read(text: str, found: list[int]) -> None:
    """Numbers with commas between."""
    assert trying.statuses(text) == found


@pytest.mark.parametrize("text", ["200", "600", "x", "503;503", "-503", "５０３"])
def test_what_is_no_failures_status_is_refused(text: str) -> None:
    """A portal that answers 200 needs no list."""
    with pytest.raises(WrongArgument, match="--fail takes HTTP statuses"):
        trying.statuses(text)


@pytest.mark.parametrize(
    "options",
    [
        ("--org", "demo"),
        ("--partner", PARTNER),
        ("--secret", "whsec_c2FtcGxl", "--org", "demo", "--partner", PARTNER),
    ],
)
def test_a_portal_is_told_whom_it_verifies_in_one_way(options: tuple[str, ...]) -> None:
    """An org without its partner names no secret, and two secrets are one too many."""
    ended = handoff("portal", *options)
    assert ended.exit_code == 2
    assert "--org and --partner together" in ended.stderr


@pytest.mark.parametrize(
    "secret",
    [
        "abc",
        "whsec_",
        "whsec_abc",
        "whsec_c2FtcGxl",
        "c2FtcGxlLXNhbXBsZS1zYW1wbGUtc2FtcGxlLTEyMzQ=",
    ],
)
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    """docs/contract/dispatch.md#signature: whsec_ and 32 bytes in base64; the portal would refuse
    all that comes."""
    ended = handoff("portal", "--secret", secret)
    assert ended.exit_code == 2
    assert "--secret takes what handoff partner-secret prints" in " ".join(ended.stderr.split())


def test_a_portal_on_a_taken_port_says_so() -> None:
    """And what to give instead."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = handoff("portal", "--port", str(port))
    assert ended.exit_code == 1
    said = " ".join(ended.stderr.split())
    assert f"--port: port {port} of 127.0.0.1 is taken: give another one" in said
    assert "Errno" not in said and "bind" not in said
