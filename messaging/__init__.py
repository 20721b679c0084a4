"""How messages travel, knowing none of them by name: intake, inbox, outbox, relay, replies, dead letters."""
