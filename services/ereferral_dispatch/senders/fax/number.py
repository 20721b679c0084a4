"""The number that a fax goes to."""

from pydantic_core import PydanticCustomError

from contracts.ereferral import FailureCode
from contracts.phones import parse_fax
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.rules.outcomes import PermanentFailure

NO_NUMBER = PermanentFailure(FailureCode.BAD_NUMBER, "The fax number is not a valid one.")


def fax_number(consignment: Consignment) -> str | None:
    """The consignment's address in E.164; None where it is no number that can be dialled.

    A number that a partner has in its national form is read as one of the partner's country.
    """
    try:
        return parse_fax(consignment.address, consignment.package.partner.country)
    except PydanticCustomError:
        return None
