"""Stand-ins of other systems on loopback: real HTTP, and they refuse what the real ones refuse."""
