"""Who hears what, and what is written: implements `ports.Audio` and `ports.Tracks`.

The wish (who hears whom, what is played, what is recorded) is kept here and outlives
the engine's ports, which a re-INVITE may replace: `port_changed` makes it true again.

The end of a playlist is known by its length, not by the engine's end-of-file callback, which
comes on a thread of its own and may meet a player that is just being destroyed. For the same
reason a player is first disconnected and destroyed later (see `resting`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pjsua2 as pj

from hotline.clock import Clock
from hotline.errors import PromptMissing
from hotline.ids import LegId
from hotline.sip.resting import RestingPlayers
from hotline.wav import Lengths

HEARD_AFTER = 0.1
"""Seconds from the last sample given to the bridge until the other end has heard it."""
LONGEST_PLAYLIST = 64


@dataclass(slots=True)
class _Playing:
    number: int
    player: pj.AudioMediaPlayer
    seconds: float
    loop: bool
    ends_at: float | None = None
    """None until the leg has a port to hear it."""


@dataclass(slots=True)
class _Ear:
    """One leg's place in the bridge."""

    port: pj.AudioMedia | None = None
    hears: set[LegId] = field(default_factory=set)
    playing: _Playing | None = None
    track: pj.AudioMediaRecorder | None = None


class Bridge:
    """The conference bridge of this process. Legs that it does not know are ignored."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._ears: dict[LegId, _Ear] = {}
        self._lengths = Lengths()
        self._numbers = 0
        self._resting = RestingPlayers(clock=clock)

    # --- legs come and go ---------------------------------------------------------

    def enter(self, leg: LegId) -> None:
        self._ears[leg] = _Ear()

    def leave(self, leg: LegId) -> None:
        """The leg is over: its track is closed, its playlist ends unheard."""
        if leg not in self._ears:
            return
        self.stop_track(leg)
        self.stop_playing(leg)
        del self._ears[leg]  # a track that it shared goes on with the others
        for ear in self._ears.values():
            ear.hears.discard(leg)

    def port_changed(self, leg: LegId, port: pj.AudioMedia | None) -> None:
        """The leg's media was negotiated (again): connect what should be connected."""
        ear = self._ears.get(leg)
        if ear is None:
            return
        ear.port = port
        if port is None:
            return
        for other, theirs in self._ears.items():
            if other in ear.hears:
                self._connect(theirs, ear)
            if leg in theirs.hears:
                self._connect(ear, theirs)
        if ear.playing is not None:
            self._begin(ear, ear.playing)
        if ear.track is not None:
            port.startTransmit(ear.track)

    # --- ports.Audio ----------------------------------------------------------------

    def play(self, leg: LegId, playlist: Sequence[Path], *, loop: bool = False) -> int:
        """See `ports.Audio.play`."""
        if not 0 < len(playlist) <= LONGEST_PLAYLIST:
            raise PromptMissing(f"a playlist has 1 to {LONGEST_PLAYLIST} files")
        seconds = sum(self._lengths.seconds_of(path) for path in playlist)
        self._numbers += 1
        ear = self._ears.get(leg)
        if ear is None:
            return self._numbers
        player = pj.AudioMediaPlayer()
        files = pj.StringVector()
        for path in playlist:
            files.append(str(path))
        try:
            player.createPlaylist(files, "playlist", 0 if loop else pj.PJMEDIA_FILE_NO_LOOP)
        except pj.Error as error:
            raise PromptMissing(f"{playlist[0].name}: {error.reason}") from None
        self.stop_playing(leg)
        ear.playing = _Playing(self._numbers, player, seconds, loop)
        self._begin(ear, ear.playing)
        return self._numbers

    def _begin(self, ear: _Ear, playing: _Playing) -> None:
        if ear.port is None:
            return
        try:
            playing.player.startTransmit(ear.port)
        except pj.Error as error:
            raise PromptMissing(f"cannot be played: {error.reason}") from None
        if playing.ends_at is None:
            playing.ends_at = self._clock.monotonic() + playing.seconds + HEARD_AFTER

    def stop_playing(self, leg: LegId) -> None:
        """See `ports.Audio.stop_playing`."""
        ear = self._ears.get(leg)
        if ear is not None and ear.playing is not None:
            self._lay_down(ear)

    def _lay_down(self, ear: _Ear) -> None:
        assert ear.playing is not None  # noqa: S101 - both callers have looked
        player = ear.playing.player
        ear.playing = None
        if ear.port is not None:
            with suppress(pj.Error):  # the port went away with its call
                player.stopTransmit(ear.port)
        self._resting.lay_down(player)

    def hear(self, listener: LegId, speaker: LegId) -> None:
        """See `ports.Audio.hear`."""
        ear, mouth = self._ears.get(listener), self._ears.get(speaker)
        if ear is None or mouth is None:
            return
        ear.hears.add(speaker)
        self._connect(mouth, ear)

    def _connect(self, speaker: _Ear, listener: _Ear) -> None:
        if speaker.port is not None and listener.port is not None:
            with suppress(pj.Error):  # one of the two has just gone: its LegEnded is on the way
                speaker.port.startTransmit(listener.port)

    def unhear(self, listener: LegId, speaker: LegId) -> None:
        """See `ports.Audio.unhear`."""
        ear, mouth = self._ears.get(listener), self._ears.get(speaker)
        if ear is None or mouth is None or speaker not in ear.hears:
            return
        ear.hears.discard(speaker)
        if mouth.port is not None and ear.port is not None:
            with suppress(pj.Error):
                mouth.port.stopTransmit(ear.port)

    def finished(self) -> list[tuple[LegId, int]]:
        """Return the playlists that have been heard to their end since the last call, and let
        go of players that have rested long enough."""
        now = self._clock.monotonic()
        done: list[tuple[LegId, int]] = []
        for leg, ear in self._ears.items():
            playing = ear.playing
            if playing is None or playing.loop or playing.ends_at is None:
                continue
            if playing.ends_at <= now:
                done.append((leg, playing.number))
                self._lay_down(ear)
        self._resting.let_go()
        return done

    # --- ports.Tracks ---------------------------------------------------------------

    def start_track(self, leg: LegId, path: Path) -> None:
        """See `ports.Tracks.start_track`. The file is created 0600 where it does not exist."""
        ear = self._ears.get(leg)
        if ear is None:
            return
        self.stop_track(leg)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        recorder = pj.AudioMediaRecorder()
        try:
            recorder.createRecorder(str(path))
            # A recorder that hears nobody writes nothing: silence from the null device (slot 0)
            # keeps both tracks of a conversation in step while a leg has no port.
            silence().startTransmit(recorder)
        except pj.Error as error:
            raise OSError(f"track {path.name}: {error.reason}") from None
        ear.track = recorder
        if ear.port is not None:
            with suppress(pj.Error):
                ear.port.startTransmit(recorder)

    def share_track(self, leg: LegId, other: LegId) -> None:
        """See `ports.Tracks.share_track`."""
        first, second = self._ears.get(leg), self._ears.get(other)
        if first is None or second is None or first.track is None or second.track is first.track:
            return
        self.stop_track(other)
        second.track = first.track
        if second.port is not None:
            with suppress(pj.Error):
                second.port.startTransmit(second.track)

    def stop_track(self, leg: LegId) -> None:
        """See `ports.Tracks.stop_track`. The header is complete one tick (20 ms) later."""
        ear = self._ears.get(leg)
        if ear is None or ear.track is None:
            return
        if ear.port is not None:
            with suppress(pj.Error):  # the port went away with its call
                ear.port.stopTransmit(ear.track)
        ear.track = None  # the last one's destructor takes it off the bridge and closes the file

    def close(self) -> None:
        """Let everything go, before the engine ends."""
        for leg in list(self._ears):
            self.leave(leg)
        self._resting.close()


def silence() -> pj.AudioMedia:
    """Return the bridge's port 0, the null device: it says nothing, at every tick."""
    return pj.Endpoint.instance().audDevManager().getCaptureDevMedia()
