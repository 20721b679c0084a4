"""What leaves when its transaction has committed: the table, and the relay that empties it."""
