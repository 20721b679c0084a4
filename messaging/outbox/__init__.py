"""What leaves when its transaction has committed: the outbox, and the relay that empties it."""
