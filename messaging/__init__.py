"""How messages travel, knowing none by name: inbox, outbox, relay, replies, dead letters."""
