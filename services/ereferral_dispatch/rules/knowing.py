"""The partners and referrals that dispatch knows: those of the e-referrals that it was given."""

from contracts.problems import ProblemCode, Refusal


def never_dispatched(code: ProblemCode) -> Refusal:
    """The refusal of a message that names a partner or a referral that dispatch never heard of."""
    thing = code.resource.replace("_", " ")
    return Refusal(
        code,
        f"Nothing of this {thing} was dispatched in this org: ereferral.list shows what was.",
    )
