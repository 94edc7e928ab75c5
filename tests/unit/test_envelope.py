"""The format of a sealed file: what is put in comes out, any part of it; harm never goes unseen."""

from __future__ import annotations

import hashlib
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.ids import RecordingId
from recordings.envelope import (
    CHUNK,
    HEADER_BYTES,
    TAG,
    Decryption,
    Encryption,
    EnvelopeBroken,
    Header,
)

KEY = bytes(range(32))
RECORDING = RecordingId("0123456789abcdef" * 2)
HEADER = Header(RECORDING, bytes(32))
SEALED_CHUNK = CHUNK + TAG
sizes = st.one_of(
    st.integers(0, 40),
    st.integers(0, 3 * CHUNK + 40),
    st.builds(lambda n, d: n * CHUNK + d, st.integers(1, 3), st.integers(-2, 2)),
)


def text_of(size: int) -> bytes:
    return Random(size).randbytes(size)


def sealed(
    plain: bytes, *, key: bytes = KEY, header: Header = HEADER, piece: int = 10_000
) -> bytes:
    encryption = Encryption(key, header)
    body = [
        chunk
        for start in range(0, len(plain), piece)
        for chunk in encryption.update(plain[start : start + piece])
    ]
    return b"".join([encryption.header, *body, encryption.finish()])


def opened(file: bytes, *, key: bytes = KEY) -> bytes:
    """Decrypt all of a file, the last chunk first, as a reader does."""
    decryption = Decryption(key, Header.decode(file), len(file))
    parts = {}
    for number in reversed(range(decryption.chunks)):
        offset, length = decryption.place(number)
        parts[number] = decryption.chunk(number, file[offset : offset + length])
    return b"".join(parts[number] for number in sorted(parts))


@settings(deadline=None)
@given(sizes, st.integers(1, 2 * CHUNK))
def test_what_is_sealed_in_any_pieces_is_what_comes_out(size: int, piece: int) -> None:
    plain = text_of(size)
    file = sealed(plain, piece=max(piece, size // 50 + 1))
    assert opened(file) == plain
    assert len(file) == HEADER_BYTES + size + TAG * max(1, -(-size // CHUNK))
    assert Decryption(KEY, HEADER, len(file)).plain_bytes == size


@settings(deadline=None)
@given(sizes, st.data())
def test_any_chunk_is_read_without_the_others(size: int, data: st.DataObject) -> None:
    plain = text_of(size)
    file = sealed(plain)
    decryption = Decryption(KEY, HEADER, len(file))
    number = data.draw(st.integers(0, decryption.chunks - 1))
    offset, length = decryption.place(number)
    found = decryption.chunk(number, file[offset : offset + length])
    assert found == plain[number * CHUNK : (number + 1) * CHUNK]


@settings(deadline=None)
@given(sizes, st.data())
def test_one_altered_bit_anywhere_is_found(size: int, data: st.DataObject) -> None:
    file = bytearray(sealed(text_of(size)))
    position = data.draw(st.integers(0, len(file) - 1))
    file[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(EnvelopeBroken):
        opened(bytes(file))


@settings(deadline=None)
@given(sizes, st.data())
def test_a_file_that_ends_early_or_late_is_found(size: int, data: st.DataObject) -> None:
    file = sealed(text_of(size))
    cut = data.draw(st.integers(0, len(file) - 1))
    with pytest.raises(EnvelopeBroken):
        opened(file[:cut])
    with pytest.raises(EnvelopeBroken):
        opened(file + data.draw(st.binary(min_size=1, max_size=2 * SEALED_CHUNK)))


@pytest.mark.parametrize("left", range(1, 4))
def test_a_file_cut_between_two_chunks_is_found_by_its_last_chunk(left: int) -> None:
    file = sealed(text_of(4 * CHUNK))
    cut = file[: HEADER_BYTES + left * SEALED_CHUNK]
    decryption = Decryption(KEY, HEADER, len(cut))
    assert decryption.chunks == left
    offset, length = decryption.place(left - 1)
    with pytest.raises(EnvelopeBroken, match=f"chunk {left - 1} of {left}"):
        decryption.chunk(left - 1, cut[offset : offset + length])


@settings(deadline=None)
@given(st.permutations(range(4)).filter(lambda order: order != [0, 1, 2, 3]))
def test_chunks_in_another_order_are_found(order: list[int]) -> None:
    file = sealed(text_of(4 * CHUNK))
    chunks = [
        file[HEADER_BYTES + n * SEALED_CHUNK : HEADER_BYTES + (n + 1) * SEALED_CHUNK]
        for n in range(4)
    ]
    with pytest.raises(EnvelopeBroken):
        opened(file[:HEADER_BYTES] + b"".join(chunks[n] for n in order))


@pytest.mark.parametrize(
    "other",
    [
        Header(RECORDING, b"\1" + bytes(31)),  # of another attempt to seal the same
        Header(RecordingId("f" * 32), bytes(32)),  # of another recording, under the same key
    ],
)
def test_a_chunk_of_another_file_is_found(other: Header) -> None:
    ours, theirs = sealed(text_of(2 * CHUNK)), sealed(text_of(2 * CHUNK), header=other)
    swapped = ours[: HEADER_BYTES + SEALED_CHUNK] + theirs[HEADER_BYTES + SEALED_CHUNK :]
    with pytest.raises(EnvelopeBroken, match="chunk 1 of 2"):
        opened(swapped)
    with pytest.raises(EnvelopeBroken):
        opened(theirs[:HEADER_BYTES] + ours[HEADER_BYTES:])


def test_another_key_opens_nothing() -> None:
    with pytest.raises(EnvelopeBroken):
        opened(sealed(b"spoken in confidence"), key=bytes(32))


def test_two_attempts_with_one_key_share_no_byte_of_their_keystream() -> None:
    """What an observer of both would have: their difference is not that of the texts."""
    one, other = text_of(5000), text_of(5001)[:5000]
    first = sealed(one, header=Header(RECORDING, b"a" * 32))[HEADER_BYTES:-TAG]
    second = sealed(other, header=Header(RECORDING, b"b" * 32))[HEADER_BYTES:-TAG]
    equal = sum(a ^ b == c ^ d for a, b, c, d in zip(first, second, one, other, strict=True))
    assert equal < 5000 / 256 * 3


def test_nothing_that_was_said_stands_in_the_file() -> None:
    said = b"a sentence that nobody else may read"
    assert said not in sealed(said * 4000)


def test_the_format_stays_what_it_is() -> None:
    """Files of years ago must open: an altered digest here is an altered format."""
    digest = hashlib.sha256(sealed(b"hotline" * 20_000)).hexdigest()
    assert digest == "1e3b07ead771149ebbf2b0d26d6c6f0a96f4419ed4117500c7de69c870581dc8"


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "does not begin"),
        (b"OggS" + bytes(100), "does not begin"),
        (HEADER.encode()[:-1], "does not begin"),
        (HEADER.encode()[:8] + b"\0\2" + HEADER.encode()[10:], "version 2"),
        (HEADER.encode()[:10] + bytes(4) + HEADER.encode()[14:], "chunks of 0 bytes"),
    ],
)
def test_what_is_no_header_is_said_to_be_none(octets: bytes, words: str) -> None:
    with pytest.raises(EnvelopeBroken, match=words):
        Header.decode(octets)


def test_a_header_names_its_recording() -> None:
    assert Header.decode(HEADER.encode() + b"...") == HEADER
    with pytest.raises(ValueError, match="16 bytes"):
        Header(RecordingId("ab"), bytes(32)).encode()
