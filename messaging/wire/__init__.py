"""The wire: connections, topology, envelopes, TLS."""
