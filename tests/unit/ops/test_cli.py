"""The command line without servers: help, what wrong settings say, what each command refuses."""

import pytest

from tests.support.services.command_line import handoff
from tests.unit.ops.unreachable import DISPATCH, REFERRALS

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
    "operations",
    "example",
    "portal",
    "operations",
    "example",
    "portal",
    "audit",
    "purge",
    "erase-patient",
    "token create",
    "token list",
    "token rotate",
    "token revoke",
    "dead-letters list",
    "dead-letters show",
    "dead-letters replay",
    "dead-letters discard",
)


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


def test_partner_secret_is_the_derived_one() -> None:
    """The value is OpenSSL's: `openssl kdf -kdfopt info:handoff/portal/org_sample/01930000-…`."""
    partner = "01930000-0000-7000-8000-00000000b001"
    shown = handoff("partner-secret", "org_sample", partner, **DISPATCH)
    assert shown.exit_code == 0
    assert shown.stdout == "whsec_Uo1aTtk/+lakeTtAR+goHQqI6JzoW03MjNxIOIBWhPg=\n"
