"""The shared mechanism, knowing no message by name: inbox, outbox, replies, dead letters."""
