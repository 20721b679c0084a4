"""The two examples of the API that external referrals come from, and the rows that they are."""

import json
import re
from typing import Any

LEAST = """[
 {
  "first_name": "Alice",
  "surname": "Smith",
  "org_type_id": 1,
 }
]"""
FULLER = """[
 {
  "source": "1",
  "referral_role": "1",
  "first_name": "Alice",
  "surname": "Smith",
  "ethnicity": "35",
  "address1": "10 High Street",
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
 },
 {
  "source": "1",
  "referral_role": "2",
  "first_name": "Carl",
  "surname": "Smith",
  "org_type_id": 1,
 }
]"""


def rows(text: str) -> list[dict[str, Any]]:
    """An example's rows: the commas behind last members are the API's own and no JSON."""
    parsed: list[dict[str, Any]] = json.loads(re.sub(r",(\s*[}\]])", r"\1", text))
    return parsed
