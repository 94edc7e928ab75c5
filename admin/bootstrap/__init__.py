"""The composition root: the one place that knows every package and joins them.

Each function takes the settings and returns one part, ready and not started. Nothing is global.
What a gateway process is made of stands in `gateway` and `conversations`: only there is the
telephone engine loaded.
"""

from __future__ import annotations

from sqlalchemy import Engine

from admin.roster import Roster
from hotline.clock import Clock
from hotline.config import Settings
from hotline.conversation.arrival import DialledLine
from hotline.database import open_engine
from hotline.edge import configuration as edge
from hotline.edge.credentials import Credentials
from hotline.ids import NodeId
from hotline.journal.alarm import AlarmProjection
from hotline.journal.history import Projection
from hotline.journal.projection import ContactProjection, CounselorProjection
from hotline.menu.hours import read_hours
from hotline.number import NumberSealer, load_or_create_key
from queueing.journal import OfferProjection
from queueing.limits import Limits
from queueing.planning import Plans
from queueing.store import QueueStore
from recordings.messages import MessageProjection
from recordings.projection import RecordingProjection


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
        MessageProjection(),
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
