"""How messages travel, knowing none by name: inbox, outbox and its relay, replies, dead letters."""
