"""What travels on the wire: connections, topology, envelopes, TLS."""
