"""The URLs of the environment that are honoured."""

from ops.servers.backing import Servers, servers_from

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
