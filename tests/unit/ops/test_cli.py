"""The command line without servers: help, what wrong settings say, what is generated."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ops import calling, environment
from ops.tail import line
from tests.support.services.command_line import handoff

REFERRALS = {
    "REFERRALS_DATABASE_URL": "postgresql+asyncpg://nobody:secret@127.0.0.1:9/referrals",
    "REFERRALS_RABBITMQ_URL": "amqp://nobody:secret@127.0.0.1:9/",
}
DISPATCH = {
    "DISPATCH_DATABASE_URL": "postgresql+asyncpg://nobody:secret@127.0.0.1:9/dispatch",
    "DISPATCH_RABBITMQ_URL": "amqp://nobody:secret@127.0.0.1:9/",
    "DISPATCH_SIGNING_KEY": "sample-signing-key",
}
COMMANDS = (
    "serve",
    "migrate",
    "up",
    "demo",
    "doctor",
    "call",
    "events",
    "partner-secret",
    "schemas",
    "audit",
    "purge",
    "erase-patient",
    "dead-letters list",
    "dead-letters show",
    "dead-letters replay",
    "dead-letters discard",
)


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No variable of ours, and no running `handoff up`; what a command adopts goes again."""
    for name in [name for name in os.environ if name.startswith(("REFERRALS_", "DISPATCH_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(environment, "handoff_folder", lambda: tmp_path / ".handoff")
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    """--help ends well and shows how the command is typed."""
    helped = handoff(*command.split(), "--help")
    assert helped.exit_code == 0
    assert f"Example: handoff {command}" in " ".join(helped.stdout.split())


@pytest.mark.parametrize(
    ("service", "given", "wrong"),
    [
        ("referrals", {}, "REFERRALS_DATABASE_URL"),
        ("referrals", {"REFERRALS_DATABASE_URL": "postgresql://x/y"}, "REFERRALS_DATABASE_URL"),
        (
            "referrals",
            {"REFERRALS_DATABASE_URL": "postgresql+asyncpg://host:port/name"},
            "REFERRALS_DATABASE_URL",
        ),
        *(
            (
                "referrals",
                {"REFERRALS_DATABASE_URL": f"postgresql+asyncpg://u:p@localhost/db?{parameter}"},
                "REFERRALS_DATABASE_URL",
            )
            for parameter in ("dsn=postgresql%3A%2F%2Felsewhere%2Fdb", "SSL=disable", "foo=bar")
        ),
        ("referrals", {"REFERRALS_RABBITMQ_URL": ""}, "REFERRALS_RABBITMQ_URL"),
        ("referrals", {"REFERRALS_RABBITMQ_URL": "http://host/"}, "REFERRALS_RABBITMQ_URL"),
        ("referrals", {"REFERRALS_RABBITMQ_URL": "amqp://host:port/"}, "REFERRALS_RABBITMQ_URL"),
        ("referrals", {"REFERRALS_HTTP_PORT": "http"}, "REFERRALS_HTTP_PORT"),
        ("referrals", {"REFERRALS_HTTP_PORT": "70000"}, "REFERRALS_HTTP_PORT"),
        ("referrals", {"REFERRALS_BATCH_SIZE": "0"}, "REFERRALS_BATCH_SIZE"),
        ("referrals", {"REFERRALS_LOG_FORMAT": "xml"}, "REFERRALS_LOG_FORMAT"),
        ("referrals", {"REFERRALS_CLIENT_GRANTS_FILE": "/no/file"}, "REFERRALS_CLIENT_GRANTS_FILE"),
        ("ereferral-dispatch", {"DISPATCH_SIGNING_KEY": ""}, "DISPATCH_SIGNING_KEY"),
        (
            "ereferral-dispatch",
            {"DISPATCH_RETRY_SCHEDULE_SECONDS": "5,soon"},
            "DISPATCH_RETRY_SCHEDULE_SECONDS",
        ),
        ("ereferral-dispatch", {"DISPATCH_EGRESS_ALLOW": "127.0.0.1/40"}, "DISPATCH_EGRESS_ALLOW"),
        ("ereferral-dispatch", {"DISPATCH_SMTP_URL": "smtp://host"}, "DISPATCH_MAIL_FROM"),
        (
            "ereferral-dispatch",
            {"DISPATCH_SMTP_URL": "http://host", "DISPATCH_MAIL_FROM": "a@example.com"},
            "DISPATCH_SMTP_URL",
        ),
    ],
)
def test_a_wrong_setting_ends_a_service_with_one_line_that_names_it(
    service: str, given: dict[str, str], wrong: str
) -> None:
    """Exit status 2, and no secret that a URL holds."""
    needed = {} if not given else {"referrals": REFERRALS}.get(service, DISPATCH)
    ended = handoff("serve", service, **{**needed, **given})
    assert ended.exit_code == 2, ended.output
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    assert wrong in ended.stderr
    assert "secret" not in ended.stderr


def test_migrate_says_in_one_line_that_no_database_answers() -> None:
    """Port 9 of 127.0.0.1 is nobody's."""
    ended = handoff("migrate", "referrals", **REFERRALS)
    assert ended.exit_code == 1
    assert ended.stderr.splitlines() == [
        "REFERRALS_DATABASE_URL: no PostgreSQL to be used at 127.0.0.1:9/referrals "
        "(ConnectionRefusedError)"
    ]


def test_migrate_names_a_missing_variable() -> None:
    """Nothing is set: exit status 2."""
    ended = handoff("migrate")
    assert ended.exit_code == 2
    assert ended.stderr.startswith("REFERRALS_DATABASE_URL is not set")


def test_call_lists_the_names_near_an_unknown_operation() -> None:
    """A misspelt name costs no search in the documentation."""
    ended = handoff("call", "referal_partner.creat", "{}", **REFERRALS)
    assert ended.exit_code == 2
    assert "referral_partner.create" in ended.stderr


@pytest.mark.parametrize("body", ["{", "[]", '"text"', ""])
def test_call_refuses_a_body_that_is_no_json_object(body: str) -> None:
    """Before anything is sent: exit status 2, as for every wrong argument."""
    ended = handoff("call", "patient.get", body, **REFERRALS)
    assert ended.exit_code == 2
    assert "JSON" in ended.stderr


@pytest.mark.parametrize(
    "command",
    [("call", "patient.get", "{}"), ("events",), ("dead-letters", "list", "referrals.commands")],
)
def test_without_a_broker_the_variable_and_the_way_out_are_named(command: tuple[str, ...]) -> None:
    """Unset: 2 and how to get one. Not answering: 1 and where it was looked for."""
    unset = handoff(*command)
    assert unset.exit_code == 2
    assert "REFERRALS_RABBITMQ_URL is not set" in unset.stderr
    assert "handoff up" in unset.stderr
    away = handoff(*command, **REFERRALS)
    assert away.exit_code == 1
    assert "REFERRALS_RABBITMQ_URL: no RabbitMQ to be used at 127.0.0.1:9" in away.stderr
    assert "secret" not in away.stderr


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("call", "patient.get", '{"org_id": "\udcff"}'), "The body is no UTF-8"),
        (("call", "patient.get", "[" * 50_000), "The body is nested too deep"),
        (("call", "patient.get", "[" * 33 + "]" * 33), "The body is nested too deep"),
        (("call", "patient.get", "{}", "--timeout", "inf"), "'--timeout'"),
        (("events", "--type", "x." * 200), "--type is longer than 255 octets"),
        (("events", "--type", "\udcff"), "--type is no UTF-8"),
    ],
)
def test_what_nobody_could_send_is_a_wrong_argument(command: tuple[str, ...], says: str) -> None:
    """Exit status 2, before the broker is asked."""
    ended = handoff(*command, **REFERRALS)
    assert ended.exit_code == 2
    assert says in ended.stderr


def test_a_number_of_any_length_is_json() -> None:
    """It is the service's to refuse."""
    body = '{"page": ' + "9" * 6_000 + "}"
    assert calling.check_body(body) == body.encode()


@pytest.mark.parametrize("special", ["?", "#", "/"])
@pytest.mark.parametrize("command", [("call", "patient.get", "{}"), ("events",), ("serve",)])
def test_a_brokers_url_that_cannot_be_read_is_told_in_one_line(
    command: tuple[str, ...], special: str
) -> None:
    """As one with a password that was not encoded."""
    given = ("serve", "referrals") if command == ("serve",) else command
    url = f"amqps://us:se{special}cret@127.0.0.1:9/"
    ended = handoff(*given, **{**REFERRALS, "REFERRALS_RABBITMQ_URL": url})
    assert ended.exit_code == 2
    [line] = ended.stderr.splitlines()
    assert line.startswith("REFERRALS_RABBITMQ_URL: is not a URL with a host: ")
    assert "cret@" not in line


def test_dead_letters_of_an_unknown_queue_lists_the_queues() -> None:
    """All queues that a service consumes have dead letters."""
    ended = handoff("dead-letters", "list", "referral.commands", **REFERRALS)
    assert ended.exit_code == 2
    for queue in (
        "referrals.commands",
        "referrals.queries",
        "referrals.ereferral_events",
        "ereferral_dispatch.commands",
        "ereferral_dispatch.queries",
    ):
        assert queue in ended.stderr


def test_doctor_finds_what_is_wrong_and_fails() -> None:
    """Nothing is set: the variables are named, each complaint once."""
    ended = handoff("doctor", **{"DISPATCH_TYPO": "1", **DISPATCH})
    assert ended.exit_code == 1
    lines = [one for one in ended.stdout.splitlines() if "WRONG" in one]
    assert sum("REFERRALS_DATABASE_URL is not set" in one for one in lines) == 1
    assert any("no such setting: DISPATCH_TYPO" in one for one in lines)
    assert any("DISPATCH_DATABASE_URL: no PostgreSQL to be used" in one for one in lines)
    assert any("DISPATCH_RABBITMQ_URL: no RabbitMQ to be used" in one for one in lines)
    assert "secret" not in ended.stdout


@pytest.mark.parametrize(("key", "is_told"), [("a" * 31, True), ("a" * 32, False), ("", False)])
def test_doctor_notes_a_signing_key_that_can_be_guessed(key: str, is_told: bool) -> None:
    """An empty one is a wrong setting, and told as one."""
    told = " ".join(handoff("doctor", **{**DISPATCH, "DISPATCH_SIGNING_KEY": key}).stdout.split())
    assert ("note signing key: DISPATCH_SIGNING_KEY is short" in told) is is_told
    assert ("DISPATCH_SIGNING_KEY: is empty" in told) is (key == "")


def test_doctor_finds_a_grant_of_no_operation(tmp_path: Path) -> None:
    """The client and the pattern are named; one for the other service is as it should be."""
    grants = tmp_path / "grants.toml"
    patterns = '["referal.*", "ereferral.*"]'
    grants.write_text(f'[[clients]]\nuser = "crm"\norgs = ["*"]\noperations = {patterns}\n')
    looked = handoff("doctor", REFERRALS_CLIENT_GRANTS_FILE=str(grants), **REFERRALS)
    found = [line.split()[0] for line in looked.stdout.splitlines() if f"grants: {grants}" in line]
    assert found == ["fine", "WRONG"]
    assert f"{grants} grants 'crm' 'referal.*', and no operation is called so" in looked.stdout


def test_partner_secret_is_the_derived_one() -> None:
    """The value is OpenSSL's: `openssl kdf -kdfopt info:handoff/portal/org_sample/01930000-…`."""
    partner = "01930000-0000-7000-8000-00000000b001"
    shown = handoff("partner-secret", "org_sample", partner, **DISPATCH)
    assert shown.exit_code == 0
    assert shown.stdout == "whsec_Uo1aTtk/+lakeTtAR+goHQqI6JzoW03MjNxIOIBWhPg=\n"


@pytest.mark.parametrize("org", ["", "org sample", "a" * 65, "örg", "org_1\n"])
@pytest.mark.parametrize(
    "command",
    [
        "audit --org ORG --patient PATIENT",
        "erase-patient --org ORG --patient PATIENT",
        "events --org ORG",
        "partner-secret ORG PARTNER",
    ],
)
def test_an_org_that_cannot_be_is_refused(command: str, org: str) -> None:
    """No org by docs/contract/wire.md#messages: exit status 2 at once, and one line."""
    given = {"ORG": org, "PATIENT": str(uuid4()), "PARTNER": str(uuid4())}
    ended = handoff(*(given.get(word, word) for word in command.split()))
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr == "The org must be 1 to 64 of A-Z a-z 0-9 _ -\n"


def test_generated_documents_are_what_the_code_says() -> None:
    """Fails where a contract or a setting changed without `make schemas`."""
    checked = handoff("schemas", "--check")
    assert checked.exit_code == 0, checked.output


def test_schemas_writes_what_is_missing_and_removes_what_is_stale(tmp_path: Path) -> None:
    """A second run changes nothing."""
    stale = tmp_path / "schemas" / "patient.forget.request.json"
    stale.parent.mkdir()
    stale.write_text("{}")
    assert handoff("schemas", "--docs", str(tmp_path), "--check").exit_code == 1
    assert stale.exists()
    assert handoff("schemas", "--docs", str(tmp_path)).exit_code == 0
    assert not stale.exists()
    assert (tmp_path / "schemas" / "patient.put.request.json").exists()
    assert (tmp_path / "asyncapi" / "referrals.json").read_text().endswith("}\n")
    assert handoff("schemas", "--docs", str(tmp_path)).stdout == "0 changed.\n"


def test_a_running_up_lends_its_variables_and_a_dead_one_does_not() -> None:
    """The lock tells them apart; nobody else can read the file."""
    with environment.the_only_up() as announce:
        announce(REFERRALS)
        assert environment.up_file().stat().st_mode & 0o777 == 0o600
        assert environment.variables_of_running_up() == REFERRALS
        second = pytest.raises(environment.CannotGoOn)
        with second, environment.the_only_up():
            pass
    assert not environment.up_file().exists()
    environment.up_file().write_text("REFERRALS_RABBITMQ_URL=amqp://left/behind\n")
    assert environment.variables_of_running_up() == {}


def test_an_up_that_starts_has_no_variables_yet() -> None:
    """No empty file that looks like one, and not what a killed one left behind."""
    environment.up_file().parent.mkdir()
    environment.up_file().write_text("REFERRALS_RABBITMQ_URL=amqp://left/behind\n")
    with environment.the_only_up():
        assert environment.variables_of_running_up() == {}
        assert not environment.up_file().exists()


def test_the_variables_of_an_up_are_there_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads meanwhile finds no file, and none of the secrets is open to others."""
    seen = []

    def write(path: Path, text: str) -> None:
        seen.append((environment.up_file().exists(), path.stat().st_mode & 0o777))
        whole(path, text)

    whole = Path.write_text
    monkeypatch.setattr(Path, "write_text", write)
    with environment.the_only_up() as announce:
        announce(REFERRALS)
        assert environment.variables_of_running_up() == REFERRALS
    assert seen == [(False, 0o600)]


def test_a_set_variable_is_not_overruled_by_a_running_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is unset or empty is filled in."""
    monkeypatch.setenv("REFERRALS_RABBITMQ_URL", "amqp://mine/")
    monkeypatch.setenv("REFERRALS_DATABASE_URL", "")
    with environment.the_only_up() as announce:
        announce(REFERRALS)
        assert environment.adopt_running_up()
    assert os.environ["REFERRALS_RABBITMQ_URL"] == "amqp://mine/"
    assert os.environ["REFERRALS_DATABASE_URL"] == REFERRALS["REFERRALS_DATABASE_URL"]


def test_a_line_of_an_event_holds_no_patient_data() -> None:
    """Type, org, subject, version, a status, the names of changed fields: no value of these."""
    event: dict[str, Any] = {
        "type": "patient.put",
        "orgid": "org_1",
        "subject": "01930000-0000-7000-8000-00000000a001",
        "time": datetime(2026, 11, 20, 15, 30, tzinfo=UTC).isoformat(),
        "aggregateversion": 2,
        "changed": "email,name",
        "data": {"name": "Sample Patient", "email": "patient@example.com", "status": "active"},
    }
    assert line(event).split()[1:] == [
        "patient.put",
        "org_1",
        "01930000-0000-7000-8000-00000000a001",
        "v2",
        "status=active",
        "changed=email,name",
    ]
