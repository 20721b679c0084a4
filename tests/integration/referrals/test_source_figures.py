"""The figures of referral sources: what they cost and whom they brought."""

from tests.integration.referrals.marketing import Marketing
from tests.support.services.referrals import Referrals


async def test_the_figures_follow_costs_and_attributions(
    org: Marketing, referrals: Referrals
) -> None:
    """Counted at once, patients once each; no new version and no event of the source."""
    source, other = await org.source(), await org.source()
    ann, ben = await org.patient(), await org.patient()
    first = await org.attribution(ann, referral_source_uuid=source["id"])
    second = await org.attribution(
        ann, referral_source_uuid=source["id"], attribution_role="assist"
    )
    assert await org.figures(source) == (1, 0), "two attributions, one patient"
    bens = await org.attribution(ben, referral_source_uuid=source["id"])
    cost = await org.cost(source, amount="1234.50")
    assert await org.figures(source) == (2, 1234.5)
    again = await org.cost(source, amount=0.05)
    assert await org.figures(source) == (2, 1234.55)
    raised = await org.ask(
        "referral_source_cost.update",
        referral_source_uuid=source["id"],
        cost_uuid=cost["id"],
        base_version=1,
        amount=1000,
    )
    assert await org.figures(source) == (2, 1000.05)
    await org.archive("referral_source_cost", again)
    assert await org.figures(source) == (2, 1000)
    await org.archive("referral_attribution", first)
    assert await org.figures(source) == (2, 1000), "Ann's second one still leads here"
    await org.archive("referral_attribution", second)
    assert await org.figures(source) == (1, 1000)
    await org.archive("referral_attribution", bens)
    await org.archive("referral_source_cost", raised.data)
    assert await org.figures(source) == (0, 0)
    assert await org.source_now(source) == source
    assert await org.figures(other) == (0, 0)
    told = await referrals.heard.event_types(org)
    assert [event for event in told if event.startswith("referral_source.")] == [
        "referral_source.created",
        "referral_source.created",
    ]


async def test_replies_and_events_of_a_source_show_its_figures(
    org: Marketing, referrals: Referrals
) -> None:
    """As they are at that moment; and they are never among what changed."""
    source = await org.source()
    await org.cost(source, amount="10.10")
    await org.attribution(await org.patient(), referral_source_uuid=source["id"])
    same = await org.update("referral_source", source)
    assert (same.data["patient_count"], same.data["total_cost"]) == (1, 10.1)
    renamed = await org.update("referral_source", source, name="Neon sign")
    assert (renamed.data["patient_count"], renamed.data["total_cost"]) == (1, 10.1)
    (event,) = [
        said.body
        for said in await referrals.heard.events(org)
        if said.body["type"] == "referral_source.updated"
    ]
    assert event["changed"] == "name"
    assert event["data"] == renamed.data
    (item,) = (await org.ask("referral_source.list")).data["items"]
    assert item == renamed.data


async def test_a_patient_who_is_archived_still_counts(org: Marketing) -> None:
    """Their attribution is not archived with them."""
    source, patient = await org.source(), await org.patient()
    await org.attribution(patient, referral_source_uuid=source["id"])
    await org.archive_patient(patient)
    assert await org.figures(source) == (1, 0)
