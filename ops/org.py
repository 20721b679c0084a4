"""The org of a command, as a person names it."""

from ops.one_line import ending_in_one_line


def check_org(org: str | None) -> str | None:
    """The org, where it is one (docs/contract/wire.md#messages); None: none was named.

    A callback for typer. It ends the command in one line: of an org that cannot be, the answer
    would be that nothing is there.
    """
    from contracts.values import ORG_ID
    from ops.environment import WrongArgument

    with ending_in_one_line():
        if org is not None and not ORG_ID.fullmatch(org):
            raise WrongArgument("The org must be 1 to 64 of A-Z a-z 0-9 _ -")
    return org
