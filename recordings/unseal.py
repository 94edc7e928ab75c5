"""A sealed file back into its two sides."""

from __future__ import annotations

from io import BufferedIOBase

import av
import numpy as np
import numpy.typing as npt
from av.error import FFmpegError

from hotline.errors import HotlineError, RecordingBroken
from hotline.wav import SAMPLE_RATE

Samples = npt.NDArray[np.float64]


def unseal(file: BufferedIOBase, name: str) -> tuple[Samples, Samples]:
    """Return caller and counselor: 8 kHz, 16 bit, equally long; all of it in memory.

    `file` is what `Vault.open` gives; `name` stands in messages. Raises RecordingBroken when it is
    no readable sound file of two channels, and EnvelopeBroken.
    """
    resampler = av.AudioResampler(format="s16p", layout="stereo", rate=SAMPLE_RATE)
    try:
        with av.open(file, "r") as container:
            [stream] = container.streams.audio
            if stream.channels != 2:
                raise RecordingBroken(f"{name}: {stream.channels} channels, not 2")
            blocks = [
                block.to_ndarray()
                for frame in [*container.decode(stream), None]
                for block in resampler.resample(frame)
            ]
    except HotlineError:
        raise
    except (OSError, ValueError, FFmpegError) as error:
        raise RecordingBroken(f"{name}: not a sealed recording ({error})") from None
    if not blocks:
        raise RecordingBroken(f"{name}: there is no sound in it")
    caller, counselor = np.concatenate(blocks, axis=1).astype(np.float64)
    return caller, counselor
