"""A client: it makes a partner once, changes it on what it read, and lists them all.

HANDOFF_URL=amqp://… python rpc_client.py ORG NAME
"""

import asyncio
import json
import os
import sys
from uuid import uuid4

from client import ReferralsClient, ValidationFailed, VersionConflict
from contracts.referral_partner import (
    CREATE_REFERRAL_PARTNER,
    GET_REFERRAL_PARTNER,
    LIST_REFERRAL_PARTNERS,
    UPDATE_REFERRAL_PARTNER,
    ContactType,
    ReferralPartner,
    ReferralPartnerCreate,
    ReferralPartnerGet,
    ReferralPartnerList,
    ReferralPartnerUpdate,
)


async def noted(client: ReferralsClient, org: str, seen: ReferralPartner) -> ReferralPartner:
    """Change it; where somebody was quicker, read it again and decide anew."""
    named = ReferralPartnerGet(org_id=org, referral_partner_uuid=seen.id)
    while True:
        request = ReferralPartnerUpdate(
            org_id=org,
            referral_partner_uuid=seen.id,
            base_version=seen.version,
            notes=f"{seen.notes or ''} Closed on Fridays.".strip(),
        )
        try:
            return await client.call(UPDATE_REFERRAL_PARTNER, request)
        except VersionConflict:
            seen = await client.call(GET_REFERRAL_PARTNER, named)


async def main(org: str, name: str) -> None:
    async with ReferralsClient(os.environ["HANDOFF_URL"], deadline_seconds=30) as client:
        request = ReferralPartnerCreate(
            org_id=org, contact_type=ContactType.PRACTICE, practice_name=name
        )
        # Kept before the first try: the same id again, even days later, makes no second partner.
        message_id = uuid4()
        made = await client.call(CREATE_REFERRAL_PARTNER, request, message_id=message_id)
        again = await client.call(CREATE_REFERRAL_PARTNER, request, message_id=message_id)
        print(json.dumps({"made": made.practice_name, "same": made.id == again.id}))
        changed = await noted(client, org, made)
        print(json.dumps({"notes": changed.notes, "version": changed.version}))
        try:
            await client.call(CREATE_REFERRAL_PARTNER, {"org_id": org, "npi": "1234567890"})
        except ValidationFailed as refused:
            print(json.dumps({"refused": sorted(str(one.loc[0]) for one in refused.errors)}))
        everybody = client.read_all(LIST_REFERRAL_PARTNERS, ReferralPartnerList(org_id=org))
        print(json.dumps({"partners": sorted([str(one.practice_name) async for one in everybody])}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
