"""Which URLs of the environment are honoured, and what a broker's greeting says."""

from ops.servers.backing import Servers, servers_from
from ops.servers.greeting import version_in

REFERRALS = "postgresql+asyncpg://r@db.example/referrals"
DISPATCH = "postgresql+asyncpg://d@db.example/dispatch"


def test_all_given() -> None:
    """Four URLs are taken as they are, and nothing is started."""
    found = servers_from(
        {
            "REFERRALS_DATABASE_URL": REFERRALS,
            "DISPATCH_DATABASE_URL": DISPATCH,
            "REFERRALS_RABBITMQ_URL": "amqp://r@mq.example/",
            "DISPATCH_RABBITMQ_URL": "amqp://d@mq.example/",
        },
        None,
        None,
    )
    assert found == Servers(
        postgres_url=REFERRALS,
        rabbitmq_url="amqp://r@mq.example/",
        referrals_database_url=REFERRALS,
        dispatch_database_url=DISPATCH,
        referrals_rabbitmq_url="amqp://r@mq.example/",
        dispatch_rabbitmq_url="amqp://d@mq.example/",
        postgres=None,
        rabbitmq=None,
    )
    assert found.environment() == {
        "REFERRALS_DATABASE_URL": REFERRALS,
        "DISPATCH_DATABASE_URL": DISPATCH,
        "REFERRALS_RABBITMQ_URL": "amqp://r@mq.example/",
        "DISPATCH_RABBITMQ_URL": "amqp://d@mq.example/",
    }


def test_one_broker_serves_both() -> None:
    """With one RabbitMQ URL set, a second broker would keep the services apart."""
    found = servers_from(
        {
            "REFERRALS_DATABASE_URL": REFERRALS,
            "DISPATCH_DATABASE_URL": DISPATCH,
            "DISPATCH_RABBITMQ_URL": "amqp://d@mq.example/",
        },
        None,
        None,
    )
    assert found.referrals_rabbitmq_url == "amqp://d@mq.example/"
    assert found.dispatch_rabbitmq_url == "amqp://d@mq.example/"


def test_version_in_a_greeting() -> None:
    """The server properties of connection.start name the version, in whatever order."""
    frame = b"\x01\x00\x00\x00\x00\x01\xf5\x00\x0a\x00\x0a\x00\x09"
    properties = b"\x07productS\0\0\0\x08RabbitMQ\x07versionS\0\0\0\x063.10.8"
    assert version_in(frame + properties + b"\0\0\0\x0ePLAIN AMQPLAIN") == "3.10.8"


def test_no_greeting() -> None:
    """A broker that answers with its own protocol header, or closes, does not speak 0-9-1 yet."""
    assert version_in(b"AMQP\0\0\x09\x01") is None
    assert version_in(b"") is None
