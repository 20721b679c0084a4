"""The composition root of dispatch: builds everything, owns nothing afterwards."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from contracts.documents.asyncapi import TITLES, document
from contracts.operations import Service as ServiceName
from contracts.referral_partner import ContactMethod
from letters.render import render_letter
from messaging.database.revisions import head
from messaging.egress.policy import EgressPolicy
from messaging.running.contract import Contract
from messaging.running.service import Definition, Service
from messaging.running.serving import FromEnvironment
from messaging.running.settings import SettingError
from services.ereferral_dispatch.backlog import watch_backlog
from services.ereferral_dispatch.delivery.recording import Recorder
from services.ereferral_dispatch.delivery.relay_holds import RelayUse
from services.ereferral_dispatch.delivery.relay_watch import RelayWatch
from services.ereferral_dispatch.delivery.worker import Channel, Worker
from services.ereferral_dispatch.handlers import command_handlers
from services.ereferral_dispatch.home import (
    COMMANDS,
    HOME,
    MIGRATIONS,
    PUBLISHING,
    QUERIES,
    TOPOLOGY,
)
from services.ereferral_dispatch.queries import READERS
from services.ereferral_dispatch.rules.lanes import HoldRule
from services.ereferral_dispatch.rules.outcomes import RelayUnusable
from services.ereferral_dispatch.senders.base import Sender
from services.ereferral_dispatch.senders.email.sender import EmailSender
from services.ereferral_dispatch.senders.fax import FaxMailSender, SinchFaxSender
from services.ereferral_dispatch.senders.phone import PhoneSender
from services.ereferral_dispatch.senders.portal.sender import PortalSender
from services.ereferral_dispatch.senders.smtp import SmtpTransport
from services.ereferral_dispatch.senders.smtp_relay import parse_smtp_url
from services.ereferral_dispatch.senders.smtp_session import SmtpTimeouts
from services.ereferral_dispatch.settings import DispatchSettings, FaxProvider
from services.ereferral_dispatch.subscribers import subscribe

CONTRACT = Contract(
    TITLES[ServiceName.EREFERRAL_DISPATCH], lambda: document(ServiceName.EREFERRAL_DISPATCH, "1")
)


def build(settings: DispatchSettings) -> Service:
    """A replica of the service, ready to be run. Raises SettingError."""
    answer_links = settings.answer_links()
    definition = Definition(
        name="ereferral_dispatch",
        home=HOME,
        revision=head(MIGRATIONS),
        topology=TOPOLOGY,
        publishing=PUBLISHING,
        contract=CONTRACT,
        subscribe=subscribe,
        commands={COMMANDS: command_handlers(settings.fallback, answer_links)},
        queries={QUERIES: READERS},
    )
    mail = _mail(settings)
    service = Service(definition, settings)
    note_relay = service.health.note("mail relay")

    async def deliver(stop: asyncio.Event) -> None:
        await service.until_possible(stop)
        async with AsyncExitStack() as opened:
            portal = await opened.enter_async_context(_portal_sender(settings))
            channels = {
                ContactMethod.PORTAL: Channel(portal, settings.attempt_timeout_seconds),
                **mail.channels,
                ContactMethod.PHONE: Channel(PhoneSender(), settings.attempt_timeout_seconds),
            }
            if settings.fax_provider is FaxProvider.SINCH:
                sinch = await opened.enter_async_context(_sinch_sender(settings))
                channels[ContactMethod.FAX] = Channel(
                    sinch, settings.attempt_timeout_seconds, settings.fax_deadline_seconds
                )
            worker = Worker(
                service.system_engine,
                channels,
                Recorder(
                    service.system_engine,
                    PUBLISHING,
                    settings.retry_schedule_seconds,
                    HoldRule(settings.hold_after, timedelta(seconds=settings.hold_over_seconds)),
                    settings.probe_every_seconds,
                    mail.use,
                ),
                concurrency=settings.concurrency,
                lane_concurrency=settings.lane_concurrency,
                tracing=service.tracing,
                after_commit=service.relay.wake,
                answer_links=answer_links,
            )
            service.when_committed.append(worker.wake)
            async with asyncio.TaskGroup() as group:
                group.create_task(worker.run(stop))
                group.create_task(worker.sweep(stop))
                if mail.use is not None and mail.probe is not None:

                    def released() -> None:
                        service.relay.wake()
                        worker.wake()

                    watch = RelayWatch(
                        service.system_engine,
                        PUBLISHING,
                        mail.use.name,
                        mail.probe,
                        settings.probe_every_seconds,
                        note_relay,
                        released,
                    )
                    group.create_task(watch.run(stop))

    async def look_at_backlog(stop: asyncio.Event) -> None:
        await service.until_possible(stop)
        await watch_backlog(service.system_engine, stop)

    service.parts += [deliver, look_at_backlog]
    return service


def _portal_sender(settings: DispatchSettings) -> PortalSender:
    previous = settings.signing_key_previous
    return PortalSender(
        render_letter=render_letter,
        signing_key=settings.signing_key.get_secret_value(),
        previous_signing_key=previous.get_secret_value() if previous is not None else None,
        connection_limit=settings.concurrency,
        policy=EgressPolicy(allow_networks=settings.egress_allow, allow_http=settings.allow_http),
        ca_file=str(settings.portal_ca_file) if settings.portal_ca_file else None,
    )


def _sinch_sender(settings: DispatchSettings) -> SinchFaxSender:
    secret = settings.sinch_key_secret
    return SinchFaxSender(
        render_letter=render_letter,
        url=settings.sinch_url,
        project_id=settings.sinch_project_id or "",
        key_id=settings.sinch_key_id or "",
        key_secret=secret.get_secret_value() if secret is not None else "",
        connection_limit=settings.concurrency,
    )


@dataclass(frozen=True, slots=True)
class _Mail:
    """What goes through the mail relay, and how that is probed; nothing where none is set."""

    channels: Mapping[ContactMethod, Channel] = field(default_factory=dict)
    use: RelayUse | None = None
    probe: Callable[[], Awaitable[RelayUnusable | None]] | None = None


def _mail(settings: DispatchSettings) -> _Mail:
    """E-mail, and fax by mail, where a relay is set."""
    if settings.smtp_url is None or settings.mail_from is None:
        return _Mail()
    try:
        relay = parse_smtp_url(settings.smtp_url)
    except ValueError as error:
        raise SettingError(f"DISPATCH_SMTP_URL: {error}") from None
    mail_from, ca_file = settings.mail_from, settings.smtp_ca_file
    timeouts = SmtpTimeouts(
        reply_seconds=settings.smtp_reply_seconds,
        end_of_data_seconds=settings.smtp_end_of_data_seconds,
    )
    try:
        email = EmailSender(relay, mail_from, timeouts=timeouts, ca_file=ca_file)
    except ValueError as error:
        raise SettingError(f"DISPATCH_MAIL_FROM: {error}") from None

    def mail_channel(sender: Sender) -> Channel:
        return Channel(sender, timeouts.before_data_seconds, timeouts.from_data_seconds)

    channels = {ContactMethod.EMAIL: mail_channel(email)}
    if settings.fax_provider is FaxProvider.MAIL and settings.fax_mail_domain is not None:
        fax = FaxMailSender(
            relay, mail_from, settings.fax_mail_domain, timeouts=timeouts, ca_file=ca_file
        )
        channels[ContactMethod.FAX] = mail_channel(fax)
    transport = SmtpTransport(relay, timeouts=timeouts, ca_file=ca_file)
    return _Mail(
        channels,
        RelayUse(relay.name, frozenset(channels)),
        partial(transport.probe, mail_from),
    )


app = FromEnvironment(CONTRACT, DispatchSettings, build)
"""For `faststream run services.ereferral_dispatch.app:app`."""
