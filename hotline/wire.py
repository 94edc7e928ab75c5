"""An event on the wire: one Redis stream entry, one journal row.

Six text fields, ``id type subject seq at data``, where `data` is a JSON object of what the kind of
event adds to the envelope.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from hotline import events as e
from hotline.events import Event

EVENT_TYPES: Mapping[str, type[Event]] = {
    cls.__name__: cls
    for cls in (
        e.InviteReceived,
        e.CallAnswered,
        e.ConsentGiven,
        e.ConsentRefused,
        e.MenuFinished,
        e.ContactQueued,
        e.PlaceKept,
        e.ContactOffered,
        e.OfferMissed,
        e.OfferDeclined,
        e.OfferFailed,
        e.OfferWithdrawn,
        e.ContactAnswered,
        e.CallbackPromised,
        e.CallbackDialled,
        e.CallbackReached,
        e.CallbackFailed,
        e.CallbackGivenUp,
        e.CallbackWithdrawn,
        e.ContactHeld,
        e.ContactResumed,
        e.ContactRevived,
        e.CareLimitReached,
        e.EscalationRequested,
        e.EscalationWithdrawn,
        e.CounselorJoined,
        e.CounselorParted,
        e.HelpRequested,
        e.RecordingStarted,
        e.RecordingStopped,
        e.RecordingFailed,
        e.CounselorLost,
        e.CounselorLeft,
        e.PartnerDialled,
        e.PartnerFailed,
        e.ContactForwarded,
        e.PartnerLost,
        e.PartnerLeft,
        e.MessageStarted,
        e.MessageLeft,
        e.CallerLeft,
        e.ContactRefused,
        e.ContactFailed,
        e.CounselorStateChanged,
        e.CounselorMissedOffers,
        e.WrapUpExtended,
        e.CallerBlocked,
        e.BlockConfirmed,
        e.CallerUnblocked,
        e.CarePlanChanged,
        e.MessageHandled,
        e.RecordingExported,
        e.RoutingPlanChanged,
        e.LineNoticeChanged,
        e.ProcessStarted,
        e.AlarmRaised,
        e.AlarmCleared,
    )
}
"""Every event by its name on the wire."""


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(EVENT_TYPES[name])


def encode(event: Event) -> dict[str, str]:
    """Return the wire form of `event`: six text fields, `data` being JSON."""
    cls = type(event)
    whole: dict[str, Any] = _adapter(cls.__name__).dump_python(event, mode="json")
    data = {f.name: whole[f.name] for f in fields(cls) if f.name not in Event.ENVELOPE}
    return {
        "id": event.id,
        "type": cls.__name__,
        "subject": event.subject,
        "seq": str(event.seq),
        "at": event.at.isoformat(),
        "data": json.dumps(data, ensure_ascii=False, separators=(",", ":")),
    }


def decode(wire: Mapping[str, str]) -> Event:
    """Return the event of a wire form.

    Raises KeyError for an unknown type and pydantic.ValidationError for a malformed field.
    """
    envelope = {name: wire[name] for name in ("id", "subject", "seq", "at")}
    event: Event = _adapter(wire["type"]).validate_python({**json.loads(wire["data"]), **envelope})
    return event
