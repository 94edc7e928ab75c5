"""The composition root: the one place that knows every package and joins them.

Each function takes the settings and returns one part, ready and not started. Nothing is global.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from admin.processes.seat import seat
from admin.roster import Roster
from hotline.alarms import JournalAlarms
from hotline.clock import Clock, LoopTimers, SystemClock
from hotline.config import Settings
from hotline.contact import Contact
from hotline.conversation.arrival import Arrival, DialledLine
from hotline.conversation.care import CareLimit
from hotline.conversation.conversation import Conversation, Line
from hotline.conversation.screening import Screener
from hotline.conversation.speaker import Speaker
from hotline.conversation.talk import Talk
from hotline.conversation.waitingroom import Rhythm, WaitingRoom
from hotline.database import open_engine
from hotline.edge import configuration as edge
from hotline.edge.aliveness import Aliveness
from hotline.edge.control import Control
from hotline.edge.credentials import Credentials
from hotline.gateway import Gateway, Switchboard
from hotline.ids import GatewayId, NodeId, new_contact_id, new_gateway_id
from hotline.journal.alarm import AlarmProjection
from hotline.journal.history import Projection
from hotline.journal.projection import ContactProjection, CounselorProjection
from hotline.journal.relay import Relay
from hotline.menu.flow import Flows
from hotline.menu.hours import read_hours
from hotline.menu.reception import Reception
from hotline.number import NumberSealer, load_or_create_key
from hotline.prompts.library import PromptLibrary
from hotline.prompts.watched import WatchedPrompts
from hotline.sip.endpoint import Endpoint
from queueing.dispatcher import Dispatcher
from queueing.feed import Feed
from queueing.heart import Heart
from queueing.inbox import Inbox
from queueing.journal import OfferProjection
from queueing.limits import Limits
from queueing.notices import Notices
from queueing.planning import Plans
from queueing.reach import Reach, patience_for
from queueing.reconciler import Reconciler
from queueing.store import QueueStore
from recordings.projection import RecordingProjection
from recordings.recorder import Recorder


def queue_store(settings: Settings, clock: Clock) -> QueueStore:
    """The queue's state in Redis."""
    return QueueStore.open(settings.redis_url, clock=clock, limits=Limits.of(settings))


def database(settings: Settings) -> Engine:
    """The journal and all tables."""
    return open_engine(settings.database_url)


def projections() -> list[Projection]:
    """Every table that is folded from the journal."""
    return [
        ContactProjection(),
        CounselorProjection(),
        OfferProjection(),
        RecordingProjection(),
        AlarmProjection(),
    ]


def sealer(settings: Settings) -> NumberSealer:
    """What seals callers' numbers; makes the key at the first start."""
    return NumberSealer(load_or_create_key(settings.secrets_dir / "number.key"))


def credentials(settings: Settings) -> Credentials:
    """The edge's accounts."""
    return Credentials(edge.database(settings), settings.edge.realm)


def roster(settings: Settings, store: QueueStore) -> Roster:
    """Who works here."""
    return Roster(engine=database(settings), credentials=credentials(settings), profiles=store)


def plans(settings: Settings, clock: Clock) -> Plans:
    """The routing plan in force."""
    return Plans.open(settings.redis_url, clock=clock)


def lines(settings: Settings) -> dict[str, DialledLine]:
    """Every number that callers dial."""
    return {
        line.number: DialledLine(
            flow=line.flow,
            node=NodeId(line.node),
            hours=read_hours(line.open),
            closed=line.closed,
        )
        for line in settings.lines
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayParts:
    """Everything one gateway process is made of; `admin.processes.gateway` runs it."""

    endpoint: Endpoint
    gateway: Gateway
    relay: Relay
    store: QueueStore
    recorder: Recorder | None
    alarms: JournalAlarms
    dispatcher: Dispatcher
    inbox: Inbox
    heart: Heart
    reconciler: Reconciler
    reach: Reach
    notices: Notices | None


def endpoint(settings: Settings, slot: int, clock: Clock) -> Endpoint:
    """The telephone of gateway `slot`, counted from 0."""
    gateway = settings.gateway
    return Endpoint(
        address=gateway.address,
        port=gateway.first_port + slot,
        first_rtp_port=gateway.first_rtp_port + slot * gateway.rtp_ports,
        rtp_ports=gateway.rtp_ports,
        edge=(settings.edge.address, settings.edge.port),
        session_expires=gateway.session_expires,
        rtp_silence=gateway.rtp_silence,
        clock=clock,
    )


def gateway_parts(settings: Settings, name: str) -> GatewayParts:
    """Join the parts of the gateway called `name`, such as ``gateway-1``."""
    clock = SystemClock()
    slot = int(name.rpartition("-")[2]) - 1
    store = queue_store(settings, clock)
    relay = Relay(
        redis_url=settings.redis_url, spool_dir=settings.spool_dir, process=name, clock=clock
    )
    identity = new_gateway_id(
        name, seat=seat(settings.gateway.address, settings.gateway.first_port + slot)
    )
    alarms = JournalAlarms(sink=relay, subject=identity, clock=clock)
    relay.report_to(alarms)
    telephone = endpoint(settings, slot, clock)
    recorder = None
    if settings.recording.enabled:
        recorder = Recorder(
            tracks=telephone,
            root=settings.recordings_dir,
            reserve_mb=settings.recording.reserve_mb,
            clock=clock,
        )
    speaker = Speaker(
        audio=telephone,
        prompts=WatchedPrompts(
            PromptLibrary(settings.prompts_dir, settings.site.language), alarms=alarms
        ),
        timers=LoopTimers(),
        alarms=alarms,
    )
    factory = _Conversations(
        settings=settings,
        clock=clock,
        store=store,
        relay=relay,
        telephone=telephone,
        speaker=speaker,
        recorder=recorder,
        screener=Screener(
            screening=store,
            flows=Flows(settings.flows_dir),
            prompts=speaker.prompts,
            alarms=alarms,
            clock=clock,
            zone=ZoneInfo(settings.site.timezone),
        ),
    )
    gateway = _gateway(settings, identity, factory)
    watch = reach(settings, store, clock)
    notices = None
    if settings.gateway.notices:
        notices = Notices(settings.redis_url, notifier=gateway, phones=watch)
    return GatewayParts(
        endpoint=telephone,
        gateway=gateway,
        relay=relay,
        store=store,
        recorder=recorder,
        alarms=alarms,
        dispatcher=Dispatcher(
            offers=store,
            feed=Feed(settings.redis_url, overview=store, alarms=alarms),
            gateway=gateway.id,
            clock=clock,
            alarms=alarms,
        ),
        inbox=Inbox(settings.redis_url, gateway=gateway.id, taker=gateway),
        heart=Heart(
            leases=store,
            gateway=gateway.id,
            carried=lambda: gateway.carried,
            waiting=lambda: gateway.waiting,
            requeue=gateway.requeue,
        ),
        reconciler=Reconciler(leases=store, alarms=alarms),
        reach=watch,
        notices=notices,
    )


def reach(settings: Settings, store: QueueStore, clock: Clock) -> Reach:
    """What keeps callers from counselors whose phone is dead."""
    return Reach(
        settings.redis_url,
        counselors=store,
        phones=Aliveness(Control.of(settings), clock=clock),
        clock=clock,
        patience=patience_for(settings.edge.phone_ping),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conversations:
    """Makes the conversation of each arrival."""

    settings: Settings
    clock: Clock
    store: QueueStore
    relay: Relay
    telephone: Endpoint
    speaker: Speaker
    recorder: Recorder | None
    screener: Screener

    def converse(self, arrival: Arrival, dialled: DialledLine) -> Conversation:
        contact = Contact(new_contact_id(), journal=self.relay)
        reception = Reception(
            leg=arrival.leg,
            speaker=self.speaker,
            welcome=lambda: self.screener.welcome(arrival, dialled),
            language=self.settings.site.language,
        )
        return Conversation(
            contact=contact,
            arrival=arrival,
            line=Line(
                telephone=self.telephone,
                audio=self.telephone,
                queue=self.store,
                offers=self.store,
                clock=self.clock,
                timers=self.speaker.timers,
            ),
            ring_timeout=self.settings.gateway.ring_timeout,
            reception=reception,
            waiting_room=WaitingRoom(
                leg=arrival.leg,
                speaker=self.speaker,
                rhythm=Rhythm(
                    first=self.settings.queueing.first_position,
                    every=self.settings.queueing.position_every,
                ),
            ),
            talk=Talk(
                contact=contact.id,
                caller=arrival.leg,
                audio=self.telephone,
                prompts=self.speaker.prompts,
                recorder=self.recorder,
                alarms=self.speaker.alarms,
                care=self._care(contact, arrival, reception),
            ),
        )

    def _care(self, contact: Contact, arrival: Arrival, reception: Reception) -> CareLimit:
        return CareLimit(
            contact=contact,
            caller_digest=arrival.caller.digest,
            seconds=lambda: reception.care_seconds,
            speaker=self.speaker,
            screening=self.store,
            clock=self.clock,
            zone=ZoneInfo(self.settings.site.timezone),
        )


def _gateway(settings: Settings, identity: GatewayId, factory: _Conversations) -> Gateway:
    gateway = Gateway(
        gateway=identity,
        lines=lines(settings),
        switchboard=Switchboard(
            telephone=factory.telephone,
            audio=factory.telephone,
            prompts=factory.speaker.prompts,
            timers=factory.speaker.timers,
            alarms=factory.speaker.alarms,
        ),
        counselors=factory.store,
        offers=factory.store,
        converse=factory.converse,
        seal=sealer(settings).seal,
        max_contacts=min(settings.gateway.max_contacts, factory.telephone.capacity // 2),
    )
    factory.telephone.listener = gateway
    return gateway
