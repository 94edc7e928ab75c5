"""A softphone without a window: ``python -m hotline.sip.softphone --port 5555``.

One JSON object per line. Commands on standard input, each with ``do``:

    register {account, password, registrar: "host:port", domain?, transport?: "udp"|"tcp"}
    refresh  {}    register anew, as before
    policy   {answer_after?: s, decline?: status, play?: wav, record?: folder}   for calls to come
    dial     {to: uri, headers?: {}, call: n}       n: a number of the caller's choice, 1 to 9999
    answer | hang_up | hold | resume   {call}       decline {call, status}
    digits   {call, digits, method?: "rfc4733"|"info"}          play {call, wav}
    silent   {}    no RTP and no RTCP from now on, in any call   audible {}   again
    vanish   {}    exit at once, without a word                  quit {}      hang up and exit

Events on standard output, each with ``event``: ready {port}, registered {status}, policy {} (it is
in force), incoming {call, from, to, headers} (numbered from 10000), ringing {call, status},
answered {call}, media {call, state: "active"|"held"}, digit {call, digit}, ended {call, status},
error {do, text}.

``record``: what each call hears is written to ``<folder>/<call>.wav``.
"""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

import pjsua2 as pj

from hotline.clock import SystemClock
from hotline.sip import invite
from hotline.sip.account import EdgeAccount, account_config
from hotline.sip.engine import Engine
from hotline.sip.leg import Graveyard, guarded
from hotline.sip.resting import RestingPlayers
from hotline.sip.softphone_call import SoftphoneCall

FIRST_INCOMING = 10000
POLL_SECONDS = 0.01
LONGEST_COMMAND = 1 << 16

Command = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Policy:
    """What happens to calls to come."""

    answer_after: float | None = None
    decline: int | None = None
    play: Path | None = None
    record: Path | None = None


class PhoneAccount(EdgeAccount):
    """An account that can register."""

    def __init__(self, phone: Softphone) -> None:
        super().__init__(phone)
        self._phone = phone

    @guarded
    def onRegState(self, prm: Any) -> None:
        self._phone.tell("registered", status=int(prm.code))


class Softphone:
    """The phone itself; `out` receives its events."""

    def __init__(
        self, *, address: str, port: int, rtp: tuple[int, int], session_expires: int, out: TextIO
    ) -> None:
        self._at = (address, port)
        self._config = account_config(
            at=self._at, rtp=(address, *rtp), session_expires=session_expires, user="phone"
        )
        self._config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_OPTIONAL
        self._out = out
        self._engine = Engine()
        self._graveyard = Graveyard()
        self._resting = RestingPlayers(clock=SystemClock())
        self._account: PhoneAccount | None = None
        self._calls: dict[int, SoftphoneCall] = {}
        self._policy = Policy()
        self._incoming = FIRST_INCOMING
        self._registered = False
        self._commands: dict[str, Callable[[Command], None]] = {
            "register": self._register,
            "refresh": self._refresh,
            "policy": self._set_policy,
            "dial": self._dial,
            "answer": lambda c: self._call(c).respond(200),
            "decline": lambda c: self._call(c).respond(int(c["status"])),
            "hang_up": lambda c: self._call(c).hang_up(),
            "hold": lambda c: self._call(c).hold(),
            "resume": lambda c: self._call(c).resume(),
            "digits": lambda c: self._call(c).send_digits(c["digits"], c.get("method", "rfc4733")),
            "play": lambda c: self._call(c).play(Path(c["wav"])),
            "silent": lambda _: pj.Endpoint.instance().audDevManager().setNoDev(),
            "audible": lambda _: pj.Endpoint.instance().audDevManager().setNullDev(),
            "vanish": lambda _: os._exit(0),
        }

    # --- life -----------------------------------------------------------------------

    def start(self) -> None:
        self._engine.start(user_agent="hotline-softphone")
        self._config.sipConfig.transportId = self._engine.listen(*self._at)
        self._engine.run()
        self._account = PhoneAccount(self)
        self._account.create(self._config)
        self.tell("ready", port=self._at[1])

    async def run(self, commands: asyncio.StreamReader) -> None:
        """Obey until ``quit`` or the end of `commands`."""
        reader = asyncio.create_task(self._obey(commands))
        try:
            while not reader.done():
                self.poll()
                await asyncio.sleep(POLL_SECONDS)
        finally:
            reader.cancel()

    def poll(self) -> None:
        self._graveyard.clear()
        while self._engine.poll():
            self._graveyard.clear()
        self._resting.let_go()

    def close(self) -> None:
        for call in list(self._calls.values()):
            call.hang_up()
        self._graveyard.clear()
        self._resting.close()
        self._engine.close(wait=self._registered)

    async def _obey(self, commands: asyncio.StreamReader) -> None:
        while line := await commands.readline():
            command = json.loads(line)
            if command["do"] == "quit":
                return
            try:
                self._commands[command["do"]](command)
            except pj.Error as error:
                self.tell("error", do=command["do"], text=str(error.reason))
            except (KeyError, ValueError) as error:
                self.tell("error", do=command["do"], text=repr(error))

    # --- commands -------------------------------------------------------------------

    def _call(self, command: Command) -> SoftphoneCall:
        return self._calls[int(command["call"])]

    def _register(self, command: Command) -> None:
        tcp = command.get("transport", "udp") == "tcp"
        account, registrar = command["account"], command["registrar"]
        config = self._config
        if tcp:
            config.sipConfig.transportId = self._engine.listen(*self._at, tcp=True)
        config.idUri = f"sip:{account}@{command.get('domain', registrar.partition(':')[0])}"
        config.regConfig.registrarUri = f"sip:{registrar}" + (";transport=tcp" if tcp else "")
        config.regConfig.registerOnAdd = self._registered = True
        config.sipConfig.authCreds.clear()
        config.sipConfig.authCreds.append(
            pj.AuthCredInfo("digest", "*", account, 0, command["password"])
        )
        assert self._account is not None  # noqa: S101 - commands come after start
        self._account.modify(config)

    def _refresh(self, _command: Command) -> None:
        assert self._account is not None  # noqa: S101 - commands come after start
        self._account.setRegistration(True)

    def _set_policy(self, command: Command) -> None:
        changes = {name: value for name, value in command.items() if name != "do"}
        for name in ("play", "record"):
            if changes.get(name) is not None:
                changes[name] = Path(changes[name])
        try:
            self._policy = replace(self._policy, **changes)
        except TypeError as error:
            raise ValueError(str(error)) from None
        self.tell("policy")

    def _dial(self, command: Command) -> None:
        number = int(command["call"])
        if number in self._calls or not 0 < number < FIRST_INCOMING:
            raise ValueError(f"call {number} cannot be begun")
        call = self._new_call(number)
        call.dial(command["to"], dict(command.get("headers", {})))
        self._graveyard.slot_taken(call.getId())

    def _new_call(self, number: int, slot: int = pj.PJSUA_INVALID_ID) -> SoftphoneCall:
        folder = self._policy.record
        call = SoftphoneCall(
            self._account,
            self,
            number,
            play=self._policy.play,
            record=folder / f"{number}.wav" if folder else None,
            slot=slot,
        )
        self._calls[number] = call
        return call

    # --- what the engine says -----------------------------------------------------------

    def invited(self, slot: int, _source: str, message: str) -> None:
        """An INVITE came in: ring, and do what the policy says."""
        self._graveyard.slot_taken(slot)
        number, self._incoming = self._incoming, self._incoming + 1
        call = self._new_call(number, slot)
        read = invite.parse(message)
        self.tell(
            "incoming",
            call=number,
            to=read.dialled,
            headers=dict(read.headers),
            **{"from": read.caller},
        )
        if self._policy.decline is not None:
            call.respond(self._policy.decline)
            return
        call.respond(180)
        if self._policy.answer_after is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(self._policy.answer_after, self._answer_late, number)

    def _answer_late(self, number: int) -> None:
        if number in self._calls:
            self._calls[number].respond(200)

    def call_over(self, call: SoftphoneCall) -> None:
        self._calls.pop(call.number, None)
        self._graveyard.bury(call)

    def lay_down(self, player: pj.AudioMediaPlayer) -> None:
        self._resting.lay_down(player)

    def callback_failed(self, _leg: object, error: BaseException) -> None:
        text = error.info() if isinstance(error, pj.Error) else repr(error)
        self.tell("error", do="callback", text=text)

    def tell(self, event: str, **facts: object) -> None:
        self._out.write(json.dumps({"event": event, **facts}) + "\n")
        self._out.flush()


async def _main(arguments: argparse.Namespace, out: TextIO) -> None:
    commands = asyncio.StreamReader(limit=LONGEST_COMMAND)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin
    )
    phone = Softphone(
        address=arguments.address,
        port=arguments.port,
        rtp=(arguments.rtp_port, arguments.rtp_ports),
        session_expires=arguments.session_expires,
        out=out,
    )
    phone.start()
    try:
        await phone.run(commands)
    finally:
        phone.close()


def main() -> None:
    faulthandler.enable()  # where the engine ends the process, standard error says where
    parser = argparse.ArgumentParser(prog="python -m hotline.sip.softphone", description=__doc__)
    parser.add_argument("--address", default="127.0.0.1", help="where it listens")
    parser.add_argument("--port", type=int, required=True, help="its SIP port")
    parser.add_argument("--rtp-port", type=int, default=40000, help="its first RTP port")
    parser.add_argument("--rtp-ports", type=int, default=4000)
    parser.add_argument("--session-expires", type=int, default=1800, help="RFC 4028, seconds")
    arguments = parser.parse_args()
    # The C library prints to descriptor 1: give it standard error, and keep ours for events.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    asyncio.run(_main(arguments, out))


if __name__ == "__main__":
    main()
