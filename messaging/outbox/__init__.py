"""The outbox, and the relay that empties it once a transaction has committed."""
