"""The first import from Open Dental, and what follows it."""

from sqlalchemy import text

from ops.stubs.opendental import OpenDentalStub, served
from services.connectors.runs.statistics import FIRST_AT_ROWS
from tests.support.connectors.running import Connectors
from tests.support.services.referrals import Org


def small_practice() -> OpenDentalStub:
    """One row of each kind, as the API Referrals page has them."""
    stub = OpenDentalStub()
    stub.specialty(465, "Endodontics")
    stub.provider(8, Abbr="DOC1", LName="Albert", FName="Brian", NationalProvID="1679608723")
    stub.patient(435, LName="Beringer", FName="Debbie", WirelessPhone="5033635432")
    stub.patient(15, LName="Pace", FName="Paul", Birthdate="1976-05-24", SSN="632458956")
    stub.patient(99, LName="Nobody", FName="Named")
    stub.referral(
        1,
        LName="Davidson",
        FName="Norm",
        Specialty=465,
        specialty="Endodontics",
        IsDoctor="true",
        SSN="123456789",
        City="Portland",
        ST="OR",
    )
    stub.referral(2, LName="Facebook Ad", NotPerson="true")
    stub.referral(3, LName="Beringer", FName="Debbie", PatNum=435, isPatient="true")
    stub.refattach(1, ReferralNum=2, PatNum=15, RefDate="2022-01-05", Note="saw the ad")
    stub.refattach(
        2,
        ReferralNum=1,
        PatNum=15,
        RefDate="2026-05-01",
        ReferralType="RefTo",
        Note="Tooth 14",
        ProvNum=8,
    )
    return stub


async def test_everything_that_is_named_comes_and_nothing_else(
    connectors: Connectors, org: Org
) -> None:
    """Partner, sources, the attribution with its date, and the new outgoing referral as a draft."""
    async with served(small_practice()) as stub:
        connected = await connectors.opendental(org, stub)
        run = await connected.finished()
        assert run["code"] is None and run["counts"]["partner"]["created"] == 1, run
        assert run["complete"] is True
        partner = await connected.partner(1)
        assert (partner["first_name"], partner["city"]) == ("Norm", "Portland")
        assert (await connected.source(2))["category"] == "other"
        debbie = await connected.source(3)
        assert debbie["category"] == "patient_referral"
        assert debbie["linked_patient"]["uuid"] == await connected.uuid("patient", 435)
        (attribution,) = await connected.attributions(15)
        assert attribution["attribution_role"] == "primary"
        assert attribution["attributed_at"] == "2022-01-05T20:00:00Z"
        uuid = await connected.uuid("referral", 2)
        referral = (await org.ask("referral.get", referral_uuid=uuid)).data
        assert (referral["status"], referral["reason"]) == ("draft", "Tooth 14")
        assert run["counts"]["referral"].get("updated", 0) == 0
        assert referral["referring_provider"]["name"] == "Brian Albert"
        shown = await connected.shown()
        assert shown["complete"] is True and shown["waiting"] == 0


async def test_statistics_are_made_while_it_reads(connectors: Connectors, org: Org) -> None:
    """PostgreSQL makes its own a minute late, and until then would read all rows for each page."""
    stub = OpenDentalStub()
    for number in range(1, FIRST_AT_ROWS + 2):
        stub.referral(number, LName=f"Ad {number}", NotPerson="true")
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        run = await connected.finished()
    assert run["counts"]["source"]["created"] > FIRST_AT_ROWS, run
    async with connectors.engine.connect() as database:
        # -1 until they are made. Few rows are changed here: PostgreSQL makes none by itself.
        known = await database.scalars(
            text(
                "SELECT reltuples FROM pg_class "
                "WHERE oid IN ('external_id'::regclass, 'staged_row'::regclass)"
            )
        )
        assert all(rows >= 0 for rows in known)
