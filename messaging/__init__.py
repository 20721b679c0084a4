"""How messages travel, knowing none by name: intake, inbox, outbox, relay, replies, dead letters."""
