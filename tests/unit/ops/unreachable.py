"""Settings of services whose servers nobody runs: port 9 of 127.0.0.1 is nobody's."""

REFERRALS = {
    "REFERRALS_DATABASE_URL": "postgresql+asyncpg://nobody:secret@127.0.0.1:9/referrals",
    "REFERRALS_RABBITMQ_URL": "amqp://nobody:secret@127.0.0.1:9/",
}
DISPATCH = {
    "DISPATCH_DATABASE_URL": "postgresql+asyncpg://nobody:secret@127.0.0.1:9/dispatch",
    "DISPATCH_RABBITMQ_URL": "amqp://nobody:secret@127.0.0.1:9/",
    "DISPATCH_SIGNING_KEY": "sample-signing-key",
}
