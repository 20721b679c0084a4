"""Work by the clock and not by a message: waiting, retrying, looking again."""
