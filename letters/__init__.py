"""The letter: the one page that a partner reads, whatever channel brings it.

Both services compose it, dispatch to send it and referrals to show what would be sent: it is a pure
function of a frozen package, and imports nothing of ours but the contracts.
"""
