"""Everything that the queue holds in Redis, in one look, and what must always be true of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import redis

from queueing import keys
from queueing.routing.order import score_of
from queueing.waiting import waiting_from_json

_LOOK = """
local function hash(key)
  local rows, flat = {}, redis.call('HGETALL', key)
  for i = 1, #flat, 2 do rows[flat[i]] = flat[i + 1] end
  return rows
end
local function zset(key)
  local rows, flat = {}, redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for i = 1, #flat, 2 do rows[flat[i]] = flat[i + 1] end
  return rows
end
local function each(stem)
  local rows = {}
  for _, key in ipairs(redis.call('KEYS', stem .. '*')) do
    if redis.call('TYPE', key).ok == 'hash' then rows[string.sub(key, #stem + 1)] = hash(key) end
  end
  return rows
end
return cjson.encode({
  line = redis.call('ZRANGE', KEYS[1], 0, -1), waiting = zset(KEYS[1]), asks = hash(KEYS[2]),
  contacts = each(KEYS[3]), ready = zset(KEYS[4]), profiles = hash(KEYS[5]),
  counselors = each(KEYS[6]), ringing = zset(KEYS[7]), wrap_ups = zset(KEYS[8]),
  gateways = zset(KEYS[9]), carried = each(KEYS[10]),
  promises = each(KEYS[12]), promised = hash(KEYS[13]), looks = zset(KEYS[14]),
  changes = redis.call('XRANGE', KEYS[11], ARGV[1], '+'),
})
"""
_KEYS = (
    keys.WAITING, keys.CONTACTS, keys.CONTACT, keys.READY, keys.PROFILES, keys.COUNSELOR,
    keys.RINGING, keys.WRAP_UPS, keys.GATEWAYS, keys.CARRIED, keys.CHANGES,
    keys.PROMISE, keys.PROMISED, keys.LOOKS,
)  # fmt: skip
_Hashes = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """What Redis holds; `line` is in order. `changes`: those after the number that was asked for,
    each with its number."""

    line: list[str]
    waiting: Mapping[str, str]
    asks: Mapping[str, str]
    contacts: _Hashes
    ready: Mapping[str, str]
    profiles: Mapping[str, str]
    counselors: _Hashes
    ringing: Mapping[str, str]
    wrap_ups: Mapping[str, str]
    gateways: Mapping[str, str]
    carried: _Hashes
    promises: _Hashes
    promised: Mapping[str, str]
    looks: Mapping[str, str]
    changes: list[tuple[str, Mapping[str, str]]]

    @property
    def served(self) -> dict[str, tuple[str, str]]:
        """Contact -> (counselor, offer) of all who are offered or talking, as contacts say."""
        return {
            contact: (held["counselor"], held["offer"])
            for contact, held in self.contacts.items()
            if held["state"] not in ("queued", "elsewhere")
        }

    def check(self) -> None:
        """The invariant of `lua/prelude.lua`, and a lease for all that waits for the network."""
        self._check_contacts()
        self._check_counselors()
        self._check_order()
        self._check_promises()
        for contact, held in self.contacts.items():
            gateway = held["gateway"]
            if gateway == "":
                assert contact in self.promises, f"{contact} is nobody's, and no callback"
                assert held["state"] == "queued", f"{contact} is served by nobody"
                continue
            assert gateway in self.gateways, f"{contact} waits for a gateway without a lease"
            assert contact in self.carried[gateway], f"{contact} is carried by nobody"

    def _check_promises(self) -> None:
        """Each is looked at again, a caller has one, and no more attempts were made than may be."""
        assert set(self.looks) == set(self.promises)
        standing = {c: held for c, held in self.promises.items() if "dissolved" not in held}
        assert self.promised == {held["digest"]: c for c, held in standing.items()}
        for contact, held in self.promises.items():
            assert int(held["attempts"]) <= int(held["most"])
            there = self.contacts.get(contact)
            assert there is None or there["arrived"] == held["arrived"], "has another's place"
            assert "dissolved" not in held or (there is not None and there["gateway"])

    def _check_contacts(self) -> None:
        assert set(self.contacts) == set(self.asks)
        offered = {c for c, held in self.contacts.items() if held["state"] == "offered"}
        queued = {c for c, held in self.contacts.items() if held["state"] == "queued"}
        assert set(self.line) == queued, "who is queued stands in line, and nobody else"
        assert set(self.ringing) == offered, "an offer has a lease, and nothing else has"
        assert all("offer" not in self.contacts[contact] for contact in queued)

    def _check_counselors(self) -> None:
        assert set(self.counselors) == set(self.profiles)
        served = self.served
        assert len({counselor for counselor, _ in served.values()}) == len(served), "has two"
        serving = {
            counselor: held["contact"]
            for counselor, held in self.counselors.items()
            if held["state"] in ("offered", "talking")
        }
        assert serving == {counselor: contact for contact, (counselor, _) in served.items()}
        for contact, (counselor, _) in served.items():
            assert self.contacts[contact]["state"] == self.counselors[counselor]["state"]
        for state, members in (("ready", self.ready), ("wrap_up", self.wrap_ups)):
            there = {c for c, held in self.counselors.items() if held["state"] == state}
            assert set(members) == there, f"{state} is not what the counselors say"

    def _check_order(self) -> None:
        for contact, text in self.asks.items():
            waiting = waiting_from_json(text)
            score = score_of(waiting)
            score += int(self.contacts[contact]["lag"])
            assert int(self.contacts[contact]["score"]) == score, f"{contact} has another's place"
            if contact in self.waiting:
                assert int(float(self.waiting[contact])) == score
            if waiting.gateway != "":  # as it is while a callback is promised
                assert self.contacts[contact]["gateway"] == waiting.gateway


class Look:
    """Takes one look after the other; `since`: the last change that is known."""

    def __init__(self, connection: redis.Redis) -> None:
        self._script = connection.register_script(_LOOK)

    def take(self, since: int) -> QueueState:
        """Look once; `changes` are those numbered above `since`, which is -1 for all."""
        first = f"(1-{since}" if since >= 0 else "-"
        text: Any = self._script(keys=_KEYS, args=[first])
        raw = {name: value or _empty(name) for name, value in json.loads(text).items()}
        raw["changes"] = [
            (entry, dict(zip(flat[::2], flat[1::2], strict=True))) for entry, flat in raw["changes"]
        ]
        return QueueState(**raw)


def _empty(name: str) -> Any:
    """Return what Lua's empty table, which is neither list nor map, stands for."""
    return [] if name in ("line", "changes") else {}


def copy_all(connection: redis.Redis, source: int, target: int) -> None:
    """Make database `target` the same as `source`, which `connection` is on."""
    connection.eval(
        "redis.call('SELECT', ARGV[2]) redis.call('FLUSHDB') redis.call('SELECT', ARGV[1]) "
        "for _, key in ipairs(redis.call('KEYS', '*')) do "
        "redis.call('COPY', key, key, 'DB', ARGV[2]) end",
        0, str(source), str(target),
    )  # fmt: skip
