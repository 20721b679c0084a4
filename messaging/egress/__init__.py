"""Where requests to other systems may go: addresses that are checked, names resolved once."""
