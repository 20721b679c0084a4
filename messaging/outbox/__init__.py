"""What leaves when its transaction has committed: the table, and the outbox relay that empties it."""
