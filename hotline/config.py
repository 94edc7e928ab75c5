"""The one configuration file, read once into frozen settings.

`load` checks everything at start and names file, key and what is allowed; nothing reads the
environment or the file after that. Durations are seconds unless the name says otherwise.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from hotline.callbackterms import Callback, DialledNumber
from hotline.menu.hours import ALWAYS, read_hours
from hotline.overflow import Overflow, lines_exist, names_differ
from hotline.redisurl import REDIS_URL, is_redis_url
from hotline.voicemail import Voicemail

Port = Annotated[int, Field(ge=1024, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=86400)]
NODE = re.compile(r"[^\s/]{1,64}(/[^\s/]{1,64}){0,7}")
DATABASES = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
Language = Literal["zh", "en"]
FlowName = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]


def _one_address(address: str) -> str:
    try:
        one = not IPv4Address(address).is_unspecified
    except ValueError:
        one = False
    if not one:
        raise ValueError("must be one IPv4 address of this machine, such as 10.0.0.5")
    return address


Address = Annotated[str, AfterValidator(_one_address)]


def _node(path: str) -> str:
    if not NODE.fullmatch(path):
        raise ValueError("must be a node's path without spaces, such as city or city/east")
    return path


Node = Annotated[str, AfterValidator(_node)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Site(_Section):
    """Who runs this hotline."""

    name: str = "hotline"
    node: Node = "city"
    """The tier node at the root, such as ``city``."""
    language: Language = "zh"
    timezone: str = "Asia/Shanghai"
    """By whose clock hours and days are counted, such as ``Asia/Shanghai``."""

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("must be a time zone such as Asia/Shanghai") from None
        return name


class Trunk(_Section):
    """An operator's SIP line: calls are accepted from these addresses alone."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    networks: tuple[IPv4Network, ...] = Field(min_length=1)


class Line(_Section):
    """One number that callers dial (DNIS)."""

    number: DialledNumber
    flow: FlowName = "main"
    """A file of this name in the flows folder, or a shipped flow."""
    node: Node = "city"
    open: tuple[str, ...] = ALWAYS
    """When calls are taken, by the site's clock (`hotline.menu.hours`)."""
    closed: FlowName = "closed"
    """The flow that callers hear at other times."""
    notice: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")] = "emergency_notice"
    """The prompt that ``hotline line notice NUMBER on`` lets callers hear before the menu."""

    @field_validator("open")
    @classmethod
    def _hours_are_hours(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        read_hours(texts)
        return texts


class Edge(_Section):
    """Kamailio: the only part that the outside can reach."""

    address: Address = "127.0.0.1"
    port: Port = 5060
    realm: str = "hotline.local"
    trunks: tuple[Trunk, ...] = ()
    outbound: tuple[DialledNumber, ...] = ("110", "119", "120")
    """What phones may dial outside. Everything else is refused with 403."""
    outbound_trunk: str | None = None
    """``host:port`` to which allowed outside calls go; none: they are refused with 503."""
    devices: Annotated[int, Field(ge=1, le=8)] = 4
    """Phones that one extension may have registered; one more takes the place of the oldest."""
    phone_ping: Annotated[int, Field(ge=1, le=60)] = 10
    """How often each phone is asked whether it is alive (OPTIONS). Without an answer for twice as
    long, a counselor who has no other phone is made not ready."""
    flood_requests: Annotated[int, Field(ge=1)] = 60
    """Requests in two seconds from one address (not a trunk) after which it is ignored."""


class Gateway(_Section):
    """The processes that carry the calls."""

    processes: Annotated[int, Field(ge=1, le=64)] = 2
    address: Address = "127.0.0.1"
    """Where speech (RTP) comes from and goes to: callers and phones must reach it."""
    sip_address: Address = "127.0.0.1"
    """Where calls come in, from the edge and nobody else: the loopback, or with an edge on another
    machine an address that only the two reach."""
    first_port: Port = 5070
    """SIP port of the first process; the others follow, one each."""
    first_rtp_port: Port = 20000
    rtp_ports: Annotated[int, Field(ge=8, le=20000)] = 4096
    """How many RTP ports each process has."""
    max_contacts: Annotated[int, Field(ge=1)] = 400
    """Contacts per process beyond which a caller hears an apology."""
    poll_ms: Annotated[int, Field(ge=1, le=100)] = 10
    ring_timeout: Seconds = 20
    notices: bool = True
    """Whether a counselor whom the platform made not ready is told so by a short call."""
    rtp_silence: Seconds = 20
    """A leg from which neither RTP nor RTCP comes for so long, and that is not on hold, is lost."""
    session_expires: Annotated[int, Field(ge=90)] = 300
    """RFC 4028; at least 90. A phone that dies on hold is found out after so long at the most."""


class Queueing(_Section):
    """How contacts are given to counselors."""

    wrap_up: Annotated[float, Field(ge=0)] = 120
    after_wrap_up: Literal["ready", "not_ready"] = "ready"
    wrap_up_extension: Seconds = 120
    """By how much a counselor lengthens the own wrap-up by dialling *15, once each time."""
    wrap_up_most: Seconds = 600
    """How long a wrap-up may be with all its extensions; never less than `wrap_up`."""
    first_position: Seconds = 10
    """How soon a waiting caller hears the position; no later than `position_every`."""
    position_every: Seconds = 45
    """How often a waiting caller hears the position."""
    place_after_fault: Annotated[float, Field(ge=0, le=86400)] = 600
    """For how long a caller whom a fault of ours cut off gets the place back; 0: not at all."""
    place_after_hang_up: Annotated[float, Field(ge=0, le=86400)] = 120
    """Likewise for one who hung up while waiting."""
    misses_in_a_row: Annotated[int, Field(ge=1, le=20)] = 1
    """So many offers in a row that nobody takes make a counselor not ready."""


class Recording(_Section):
    """What is kept of a conversation."""

    enabled: bool = True
    reserve_mb: Annotated[int, Field(ge=0)] = 512
    """Recording stops, with an alarm, when less space than this is left."""


class Statistics(_Section):
    """By which thresholds the service is measured."""

    service_levels: tuple[Annotated[int, Field(ge=1)], ...] = (15, 20, 30)
    short_abandon: Seconds = 5
    """Callers who leave the queue earlier are counted apart."""


class Redis(_Section):
    """``url`` of a Redis elsewhere; none: the platform runs its own on `port`."""

    url: str | None = None
    port: Port = 6390
    password: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{16,64}$")] | None = None
    """Of the platform's own Redis; `hotline init` makes one up. Without one, every user of this
    machine can read the queue."""

    @field_validator("url")
    @classmethod
    def _can_be_dialled(cls, url: str | None) -> str | None:
        if url is not None and not is_redis_url(url):
            raise ValueError(f"must be {REDIS_URL}")
        return url


class Database(_Section):
    """``url`` for SQLAlchemy; none: SQLite in the state folder."""

    url: str | None = None

    @field_validator("url")
    @classmethod
    def _is_known(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(DATABASES):
            raise ValueError(f"must begin with one of {', '.join(DATABASES)}")
        return url


class Settings(_Section):
    """Everything there is to set. Relative paths are relative to the file."""

    state: Path = Path("state")
    """Folder of everything the platform writes; created 0700."""
    site: Site = Site()
    lines: tuple[Line, ...] = Field(default=(Line(number="12356"),), min_length=1)
    edge: Edge = Edge()
    gateway: Gateway = Gateway()
    queueing: Queueing = Queueing()
    callback: Callback = Callback()
    overflow: tuple[Overflow, ...] = ()
    """Partners' lines, in the order in which they are asked."""
    voicemail: Voicemail = Voicemail()
    recording: Recording = Recording()
    statistics: Statistics = Statistics()
    redis: Redis = Redis()
    database: Database = Database()

    @field_validator("lines")
    @classmethod
    def _numbers_differ(cls, lines: tuple[Line, ...]) -> tuple[Line, ...]:
        numbers = [line.number for line in lines]
        twice = sorted({n for n in numbers if numbers.count(n) > 1})
        if twice:
            raise ValueError(f"number {twice[0]} stands twice; each line has a number of its own")
        return lines

    @field_validator("overflow")
    @classmethod
    def _partners_differ(cls, overflow: tuple[Overflow, ...]) -> tuple[Overflow, ...]:
        names_differ(overflow)
        return overflow

    @model_validator(mode="after")
    def _nobody_there(self) -> Settings:
        lines_exist(self.overflow, [line.number for line in self.lines])
        if self.voicemail.enabled and not self.recording.enabled:
            raise ValueError(
                "voicemail.enabled: a message is a recording; set recording.enabled = true as well"
            )
        return self

    @model_validator(mode="after")
    def _callbacks_have_a_way_out(self) -> Settings:
        if self.callback.enabled and not self.edge.outbound_trunk:
            raise ValueError(
                "callback.enabled needs edge.outbound_trunk, by which callers are called"
            )
        return self

    @model_validator(mode="after")
    def _ports_differ(self) -> Settings:
        taken: dict[int, str] = {}
        wanted = [("edge.port", self.edge.port), ("redis.port", self.redis.port)]
        wanted += [
            ("gateway.first_port", self.gateway.first_port + n)
            for n in range(self.gateway.processes)
        ]
        for key, port in wanted:
            if port in taken:
                raise ValueError(f"{key} and {taken[port]} both use port {port}; ports must differ")
            taken[port] = key
        first = self.gateway.first_rtp_port
        top = self.gateway.first_rtp_port + self.gateway.processes * self.gateway.rtp_ports
        for port, key in taken.items():
            if first <= port < top:
                raise ValueError(
                    f"{key} is {port}, among the RTP ports {first} to {top - 1} of the gateways"
                )
        if top > 65536:
            raise ValueError(
                "gateway.first_rtp_port + processes x rtp_ports goes beyond 65535; use fewer"
            )
        return self

    # Places below the state folder -------------------------------------------------

    @property
    def run_dir(self) -> Path:
        """Generated configurations, sockets, pid and lock files; 0700."""
        return self.state / "run"

    @property
    def log_dir(self) -> Path:
        return self.state / "log"

    @property
    def secrets_dir(self) -> Path:
        """Key files, 0600 each."""
        return self.state / "secrets"

    @property
    def spool_dir(self) -> Path:
        """Events that wait for Redis."""
        return self.state / "spool"

    @property
    def recordings_dir(self) -> Path:
        return self.state / "recordings"

    @property
    def prompts_dir(self) -> Path:
        """``custom/<language>/<name>.wav`` is the operator's, ``generated/...`` ours."""
        return self.state / "prompts"

    @property
    def flows_dir(self) -> Path:
        """The operator's own flows, by name; the shipped ones stand in `hotline/menu/flows`."""
        return self.state / "flows"

    @property
    def flows(self) -> frozenset[str]:
        """Every flow that a line names."""
        return frozenset(name for line in self.lines for name in (line.flow, line.closed))

    @property
    def plan_file(self) -> Path:
        """The operator's routing plan: put in force when Redis has none."""
        return self.state / "plan.toml"

    @property
    def redis_url(self) -> str:
        secret = f":{self.redis.password}@" if self.redis.password else ""
        return self.redis.url or f"redis://{secret}127.0.0.1:{self.redis.port}/0"

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.state / 'hotline.sqlite'}"
