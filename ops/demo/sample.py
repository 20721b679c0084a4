"""The demo's practice, patients and partners. All of it is made up, and says so.

Names begin with Demo, numbers are of the 555-01XX block, addresses of example.com.
"""

from dataclasses import dataclass
from typing import Any

from contracts.ereferral import AttemptOutcome
from contracts.referral import EreferralStatus, Priority
from contracts.referral_partner import ContactMethod

ORG_ID = "demo"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"

PRACTICE: dict[str, Any] = {
    "name": "Demo Family Dental",
    "npi": "1234567893",
    "phone": "+12025550101",
    "fax": "+12025550102",
    "email": "office@demo-family-dental.example.com",
    "address_line1": "100 Example Street",
    "city": "Springfield",
    "state": "IL",
    "postal_code": "62701",
    "time_zone": "America/Chicago",
}
PROVIDER_NAME = "Dr. Demo Dentist"


@dataclass(frozen=True, slots=True)
class Scene:
    """One referral of the demo: who is sent to whom, why, by which channel, and how that ends.

    `slug` names the partner in paths and files. `endpoint` is the partner's (None: the portal gives
    it), `mailbox` where its mail ends; `refused`: where it does not, since the relay refuses it.
    `portal_fails`: how many tries its portal answers 503 first. `channel` is where it ends;
    `ends` and `outcomes` (of the attempts) are to be seen, `news` says it in words.
    """

    slug: str
    channel: ContactMethod
    patient: str
    date_of_birth: str
    partner: dict[str, Any]
    referral: dict[str, Any]
    ends: EreferralStatus
    outcomes: tuple[AttemptOutcome, ...]
    way: str
    news: str
    endpoint: str | None = None
    mailbox: str | None = None
    refused: bool = False
    portal_fails: int = 0


REFUSED_MAILBOX = "nobody@refused.example.com"
"""The mail relay of `handoff up` and of the demo refuses it, 550 5.1.1: to see a failure."""
NOTES = "Sample data of the demo: no real person is meant."
FAX_MAIL_DOMAIN = "fax.example.com"

SCENES = (
    Scene(
        slug="demo-endodontics",
        channel=ContactMethod.PORTAL,
        patient="Demo Patient Ada",
        date_of_birth="1971-11-23",
        partner={"practice_name": "Demo Endodontics", "specialty": "Endodontics"},
        referral={
            "reason": "Irreversible pulpitis of the lower left first molar; root canal treatment.",
            "reason_codes": [
                {"system": ICD_10_CM, "code": "K04.02", "display": "Irreversible pulpitis"}
            ],
            "teeth": ["19"],
            "priority": Priority.URGENT,
        },
        ends=EreferralStatus.DELIVERED,
        outcomes=(
            AttemptOutcome.TRANSIENT_FAILURE,
            AttemptOutcome.TRANSIENT_FAILURE,
            AttemptOutcome.DELIVERED,
        ),
        way="its portal, which answers 503 to the first two tries",
        news="its portal took it",
        portal_fails=2,
    ),
    Scene(
        slug="demo-orthodontics",
        channel=ContactMethod.EMAIL,
        patient="Demo Patient Ben",
        date_of_birth="2013-06-30",
        partner={"practice_name": "Demo Orthodontics", "specialty": "Orthodontics"},
        referral={
            "reason": "Crowding of the upper front teeth; please assess.",
            "reason_codes": [
                {"system": ICD_10_CM, "code": "M26.31", "display": "Crowding of erupted teeth"}
            ],
            "teeth": ["7", "8", "9", "10"],
            "priority": Priority.ROUTINE,
        },
        ends=EreferralStatus.SENT,
        outcomes=(AttemptOutcome.SENT,),
        way="e-mail",
        news="the mail relay has it",
        endpoint="mailto:referrals@demo-orthodontics.example.com",
        mailbox="referrals@demo-orthodontics.example.com",
    ),
    Scene(
        slug="demo-oral-surgery",
        channel=ContactMethod.FAX,
        patient="Demo Patient Cleo",
        date_of_birth="1984-03-09",
        partner={"practice_name": "Demo Oral Surgery", "specialty": "Oral surgery"},
        referral={
            "reason": "Impacted lower right third molar; please assess for removal.",
            "reason_codes": [{"system": ICD_10_CM, "code": "K01.1", "display": "Impacted teeth"}],
            "teeth": ["32"],
            "priority": Priority.ROUTINE,
        },
        ends=EreferralStatus.SENT,
        outcomes=(AttemptOutcome.SENT,),
        way="fax, through a fax service that takes mail",
        news="the fax service has it",
        endpoint="fax:+12025550112",
        mailbox=f"12025550112@{FAX_MAIL_DOMAIN}",
    ),
    Scene(
        slug="demo-periodontics",
        channel=ContactMethod.PHONE,
        patient="Demo Patient Dan",
        date_of_birth="1958-01-17",
        partner={
            "practice_name": "Demo Periodontics",
            "specialty": "Periodontics",
            "preferred_contact_method": ContactMethod.FAX,
            "fax": "+12025550114",
        },
        referral={
            "reason": "Advanced periodontitis; please assess and treat.",
            "reason_codes": [
                {"system": ICD_10_CM, "code": "K05.32", "display": "Chronic periodontitis"}
            ],
            "priority": Priority.ROUTINE,
        },
        ends=EreferralStatus.DELIVERED,
        outcomes=(AttemptOutcome.PERMANENT_FAILURE, AttemptOutcome.DELIVERED),
        way="fax, whose number is refused; so by phone: a person calls",
        news="the partner was reached",
        endpoint="tel:+12025550113",
        mailbox=f"12025550114@{FAX_MAIL_DOMAIN}",
        refused=True,
    ),
)

EXTERNAL_REFERRAL = """[
 {
  "source": "1",
  "referral_role": "1",
  "first_name": "Alice",
  "surname": "Smith",
  "postcode": "HR9 7US",
  "org_type_id": 1,
  "description": "Wants help with getting her children to socialise more",
  "project": 7,
 },
 {
  "source": "1",
  "referral_role": "2",
  "first_name": "Beatrice",
  "surname": "Smith",
  "org_type_id": 1,
 }
]
"""
"""As the API's own example has it, commas behind the last members included."""
