"""The rules of dispatch: pure functions, `now` passed in, no I/O."""
