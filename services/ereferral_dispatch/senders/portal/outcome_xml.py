"""FHIR R4's OperationOutcome in XML ("XML Representation of Resources"), as far as it is needed."""

from xml.parsers import expat

_FHIR = "http://hl7.org/fhir"
_SEPARATOR = " "
_ISSUE_CODE = tuple(f"{_FHIR}{_SEPARATOR}{name}" for name in ("OperationOutcome", "issue", "code"))


class _NotTaken(Exception):
    """A document type definition: entities may be anything, and no FHIR server sends one."""


def issue_codes(document: bytes) -> list[str] | None:
    """The codes of the issues of an OperationOutcome; None where a document is none, or not XML."""
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    path: list[str] = []
    codes: list[str] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        path.append(name)
        if len(path) == 1 and name != _ISSUE_CODE[0]:
            raise _NotTaken
        if tuple(path) == _ISSUE_CODE and "value" in attributes:
            codes.append(attributes["value"])

    def end(_: str) -> None:
        path.pop()

    def refuse(*_: object) -> None:
        raise _NotTaken

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError, _NotTaken):
        return None
    return codes
