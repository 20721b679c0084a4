"""The page of one referral: its steps, its letter, its attempts, the partner's answers."""

from base64 import b64decode

from services.edge.desk.page import Page, Shown
from services.edge.desk.sections.opened import ACTIONS, open_referral
from services.edge.desk.visit import Visit
from services.edge.problems import EdgeCode, refusal

_PATH = "/referrals/{referral_uuid}"


async def show(visit: Visit) -> Shown:
    """The referral; 404 where there is none."""
    opened = await open_referral(visit, visit.path["referral_uuid"])
    if opened.referral is None:
        raise refusal(EdgeCode.NO_SUCH_ROUTE, ("path",), "There is no such referral.")
    return {"opened": opened, "letter": letter_path(visit)}


def letter_path(visit: Visit) -> str:
    """Where its letter is."""
    return f"{visit.home}/referrals/{visit.path['referral_uuid']}/letter"


async def show_letter(visit: Visit) -> Shown:
    """The letter as it went out; of a draft, as it would."""
    uuid = visit.path["referral_uuid"]
    referral = await visit.read("referral.get", referral_uuid=uuid)
    if referral["ereferral_uuid"] is None:
        letter = await visit.read("referral.preview", referral_uuid=uuid)
    else:
        letter = await visit.read("ereferral.letter", ereferral_uuid=referral["ereferral_uuid"])
    kept = "attachment" if "download" in visit.query else "inline"
    named = f'{kept}; filename="{letter["reference"]}.pdf"'
    return {"body": b64decode(letter["pdf"]), "headers": {"Content-Disposition": named}}


PAGE = Page("referral", _PATH, "referral.html", show, asks=("referral.get",), does=ACTIONS)
LETTER = Page(
    "letter",
    f"{_PATH}/letter",
    "referral.html",
    show_letter,
    asks=("referral.get",),
    answers_as="application/pdf",
)
