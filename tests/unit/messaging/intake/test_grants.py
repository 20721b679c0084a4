"""docs/contract/wire.md#grants to the letter: who may do what, and where replies may go."""

from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from contracts.problems import ProblemCode, Refusal
from messaging.intake.admission import check_permitted
from messaging.intake.grants import ClientGrants, Grants, load_grants
from messaging.running import service
from messaging.wire.envelope import read_envelope
from services.referrals.app import build
from services.referrals.settings import ReferralsSettings
from tests.support.broker.deliveries import delivery

FILE = """
[[clients]]
user = "crm"
orgs = ["org_a", "org_b"]
operations = ["patient.*", "practice.put"]

[[clients]]
user = "crm"
orgs = ["org_c"]
operations = ["referral.get"]

[[clients]]
user = "staff"
orgs = ["*"]
operations = ["*"]

[[clients]]
user = "idle"
orgs = []
operations = ["*"]
"""


@pytest.fixture(scope="module")
def grants(tmp_path_factory: pytest.TempPathFactory) -> Grants:
    path: Path = tmp_path_factory.mktemp("grants") / "grants.toml"
    path.write_text(FILE)
    return load_grants(path)


def permitted(
    grants: Grants, user: str | None, org_id: str, operation: str, reply_to: str | None = None
) -> bool:
    message = delivery({"org_id": org_id}, operation, user_id=user, reply_to=reply_to)
    try:
        check_permitted(grants, read_envelope(message), message)
    except Refusal as refusal:
        if refusal.problem.code is not ProblemCode.FORBIDDEN:
            raise
        return False
    return True


@pytest.mark.parametrize(
    ("user", "org_id", "operation", "may"),
    [
        ("crm", "org_a", "patient.put", True),
        ("crm", "org_b", "patient.archive", True),
        ("crm", "org_a", "practice.put", True),
        ("crm", "org_c", "referral.get", True),
        # Each table's orgs go with its own operations.
        ("crm", "org_c", "patient.put", False),
        ("crm", "org_a", "referral.get", False),
        ("crm", "org_a", "practice.get", False),
        ("crm", "org_d", "patient.put", False),
        # A pattern is the whole name, in its own case.
        ("crm", "org_a", "referral_patient.put", False),
        ("crm", "org_a", "PATIENT.put", False),
        ("crm", "ORG_A", "patient.put", False),
        ("staff", "org_d", "ereferral.resolve", True),
        ("idle", "org_a", "patient.put", False),
        ("stranger", "org_a", "patient.put", False),
        ("", "org_a", "patient.put", False),
        (None, "org_a", "patient.put", False),
    ],
)
def test_a_client_may_do_what_it_is_granted_in_its_orgs(
    grants: Grants, user: str | None, org_id: str, operation: str, may: bool
) -> None:
    """The user that the broker vouches for; without one nothing."""
    assert permitted(grants, user, org_id, operation) is may


@pytest.mark.parametrize(
    ("reply_to", "own"),
    [
        ("amq.rabbitmq.reply-to.g1h2AA.key", True),
        ("amq.gen-JzTY20BRgKO", True),
        ("reply.crm.1", True),
        ("reply.crm.deep.er", True),
        ("reply.crm", False),
        ("reply.crm2.1", False),
        ("reply.staff.1", False),
        ("Reply.crm.1", False),
        ("x.reply.crm.1", False),
        ("amq.generated", False),
        ("referrals.commands", False),
        ("events.crm.1", False),
    ],
)
def test_a_reply_goes_to_the_clients_own_queue(grants: Grants, reply_to: str, own: bool) -> None:
    """A queue that the broker named, or one that carries the client's name."""
    assert permitted(grants, "crm", "org_a", "patient.put", reply_to) is own


def test_nobody_has_no_queue_of_its_own(grants: Grants) -> None:
    """Without a user there is no name that a queue could carry."""
    message = delivery({"org_id": "org_a"}, reply_to="reply..1")
    assert not grants.may_reply(message)
    nobody = delivery({"org_id": "org_a"}, reply_to="reply.None.1")
    assert not grants.may_reply(nobody)


def test_without_clients_nothing_is_allowed() -> None:
    """A file that grants nothing closes everything."""
    assert not permitted(ClientGrants([]), "crm", "org_a", "patient.put")


def test_a_grant_of_no_operation_is_told_once_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stops nothing. What only the other service does is a grant: both may have one file."""
    path = tmp_path / "grants.toml"
    patterns = '["referal.*", "referral.*", "ereferral.resolve", "Patient.put", "partner*"]'
    path.write_text(f'[[clients]]\nuser = "crm"\norgs = ["*"]\noperations = {patterns}\n')
    settings = ReferralsSettings(
        database_url="postgresql+asyncpg://localhost/x",
        rabbitmq_url="amqp://localhost",
        client_grants_file=path,
    )
    # One that was used before in this process keeps what it was configured with.
    monkeypatch.setattr(service, "log", structlog.get_logger())
    with capture_logs() as told:
        build(settings)
    assert [(line["event"], line["log_level"], line["detail"]) for line in told] == [
        ("grant matches no operation", "warning", "'crm': 'referal.*'"),
        ("grant matches no operation", "warning", "'crm': 'Patient.put'"),
    ]
