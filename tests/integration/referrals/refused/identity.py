"""The names and versions by which an operation says what it is about."""

from tests.integration.referrals.refused import wrongs
from tests.integration.referrals.refused.table import (
    At,
    Row,
    broken,
    missing,
    named,
    not_found,
    version_conflict,
)


def naming(resource: str, verbs: str, name: str, thing: str, place: int) -> list[Row]:
    """The id in the field `name`, which each of the verbs needs: left out, no id, not there."""
    return [
        row
        for operation in (f"{resource}.{verb}" for verb in verbs.split())
        for row in (
            *missing(operation, name),
            *broken(operation, wrongs.uuid(name)),
            *named(operation, name, thing, place),
        )
    ]


def nested(child: str, verbs: str, name: str, parent: str) -> list[Row]:
    """A child, in the field `name`, that is another parent's, or an archived parent's."""
    of_gone = {f"{parent}_uuid": At(f"{parent} gone"), name: At(f"{child} of gone")}
    return [
        row
        for operation in (f"{child}.{verb}" for verb in verbs.split())
        for row in (
            *not_found(
                operation,
                f"{child}_not_found",
                1,
                ("it is another parent's", {name: At(f"{child} of another")}),
            ),
            *not_found(
                operation, f"{parent}_not_found", 0, ("it is an archived parent's", of_gone)
            ),
        )
    ]


def based(resource: str, verbs: str) -> list[Row]:
    """`base_version` of each of the verbs: no version, or not the current one."""
    return [
        row
        for operation in (f"{resource}.{verb}" for verb in verbs.split())
        for row in (*broken(operation, wrongs.base_version()), *version_conflict(operation))
    ]
