"""What a message is told, where it is parked, and the client that awaits it."""
