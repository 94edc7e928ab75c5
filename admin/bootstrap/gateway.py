"""Everything one gateway process is made of, joined."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from admin.bootstrap import lines, queue_store, sealer
from admin.bootstrap.callbacks import CallingBacks
from admin.bootstrap.conversations import Conversations
from admin.processes.seat import seat
from hotline.alarms import JournalAlarms
from hotline.clock import Clock, LoopTimers, SystemClock
from hotline.config import Settings
from hotline.conversation.returns import Returns
from hotline.conversation.screening import Screener
from hotline.conversation.speaker import Speaker
from hotline.edge.aliveness import Aliveness
from hotline.edge.control import Control
from hotline.gateway import Gateway, Switchboard
from hotline.ids import GatewayId, new_gateway_id
from hotline.journal.relay import Relay
from hotline.menu.flow import Flows
from hotline.menu.flowwatch import FlowWatch
from hotline.prompts.library import PromptLibrary
from hotline.prompts.watched import WatchedPrompts
from hotline.sip.endpoint import Endpoint
from queueing.dispatcher import Dispatcher
from queueing.feed import Feed
from queueing.heart import Heart
from queueing.inbox import Inbox
from queueing.notices import Notices
from queueing.reach import Reach, patience_for
from queueing.reconciler import Reconciler
from queueing.store import QueueStore
from recordings.recorder import Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayParts:
    """Everything one gateway process is made of; `admin.processes.gateway` runs it."""

    endpoint: Endpoint
    gateway: Gateway
    relay: Relay
    store: QueueStore
    recorder: Recorder | None
    alarms: JournalAlarms
    flows: FlowWatch
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
        address=gateway.sip_address,
        rtp_address=gateway.address,
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
        name, seat=seat(settings.gateway.sip_address, settings.gateway.first_port + slot)
    )
    alarms = JournalAlarms(sink=relay, subject=identity, clock=clock)
    relay.report_to(alarms)
    telephone = endpoint(settings, slot, clock)
    speaker = _speaker(settings, telephone, alarms)
    conversations = Conversations(
        settings=settings,
        clock=clock,
        store=store,
        relay=relay,
        telephone=telephone,
        speaker=speaker,
        recorder=_recorder(settings, telephone, clock),
        screener=_screener(settings, store, speaker, clock),
        sealer=sealer(settings),
    )
    returns = Returns(
        gateway=identity, offers=store, callbacks=store, timers=speaker.timers, alarms=alarms
    )
    gateway = _gateway(settings, identity, conversations, returns)
    watch = _reach(settings, store, alarms=alarms, clock=clock)
    heart = Heart(leases=store, gateway=identity, carrier=gateway, alarms=alarms)
    feed = Feed(settings.redis_url, overview=store, alarms=alarms, renewed=heart.hurry)
    notices = Notices(settings.redis_url, notifier=gateway, phones=watch)
    return GatewayParts(
        endpoint=telephone,
        gateway=gateway,
        relay=relay,
        store=store,
        recorder=conversations.recorder,
        alarms=alarms,
        flows=FlowWatch(settings.flows_dir, named=settings.flows, alarms=alarms),
        dispatcher=Dispatcher(
            offers=store,
            feed=feed,
            gateway=identity,
            clock=clock,
            alarms=alarms,
            staffing=gateway,
            calls_back=lambda: gateway.calls_back,
        ),
        inbox=Inbox(
            settings.redis_url,
            gateway=identity,
            taker=gateway,
            orders=gateway,
            unreadable=returns.unreadable,
        ),
        heart=heart,
        reconciler=Reconciler(leases=store, alarms=alarms),
        reach=watch,
        notices=notices if settings.gateway.notices else None,
    )


def _speaker(settings: Settings, audio: Endpoint, alarms: JournalAlarms) -> Speaker:
    library = PromptLibrary(settings.prompts_dir, settings.site.language)
    prompts = WatchedPrompts(library, alarms=alarms)
    return Speaker(audio=audio, prompts=prompts, timers=LoopTimers(), alarms=alarms)


def _screener(settings: Settings, store: QueueStore, speaker: Speaker, clock: Clock) -> Screener:
    return Screener(
        screening=store,
        flows=Flows(settings.flows_dir),
        prompts=speaker.prompts,
        alarms=speaker.alarms,
        clock=clock,
        zone=ZoneInfo(settings.site.timezone),
    )


def _recorder(settings: Settings, tracks: Endpoint, clock: Clock) -> Recorder | None:
    if not settings.recording.enabled:
        return None
    return Recorder(
        tracks=tracks,
        root=settings.recordings_dir,
        reserve_mb=settings.recording.reserve_mb,
        clock=clock,
    )


def _reach(settings: Settings, store: QueueStore, *, alarms: JournalAlarms, clock: Clock) -> Reach:
    """What keeps callers from counselors whose phone is dead."""
    return Reach(
        settings.redis_url,
        counselors=store,
        phones=Aliveness(Control.of(settings), clock=clock),
        clock=clock,
        patience=patience_for(settings.edge.phone_ping),
        alarms=alarms,
    )


def _gateway(
    settings: Settings, identity: GatewayId, conversations: Conversations, returns: Returns
) -> Gateway:
    dialled, seals = lines(settings), sealer(settings)
    callbacks = CallingBacks(
        gateway=identity, lines=dialled, conversations=conversations, number_of=seals.open
    )
    gateway = Gateway(
        gateway=identity,
        lines=dialled,
        switchboard=Switchboard(
            telephone=conversations.telephone,
            audio=conversations.telephone,
            prompts=conversations.speaker.prompts,
            timers=conversations.speaker.timers,
            alarms=conversations.speaker.alarms,
        ),
        counselors=conversations.store,
        returns=returns,
        converse=conversations.converse,
        seal=conversations.sealer.seal,
        call_back=callbacks.call_back,
        max_contacts=min(settings.gateway.max_contacts, conversations.telephone.capacity // 2),
    )
    conversations.telephone.listener = gateway
    return gateway
