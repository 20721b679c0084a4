"""The rules of referrals: pure functions, `now` passed in, no I/O."""
