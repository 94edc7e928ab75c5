"""Sealed numbers: equal callers are equal, and nothing else can be learnt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.errors import ConfigError
from hotline.events import SealedNumber
from hotline.number import NumberSealer, SealBroken, dialable, load_or_create_key, normalise

SEALER = NumberSealer(bytes(range(32)))


@pytest.mark.parametrize(
    ("given_number", "normal"),
    [
        ("13800138000", "13800138000"),
        ("+8613800138000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("013800138000", "13800138000"),
        (" 138 0013-8000 ", "13800138000"),
        ("010-8612 3456", "1086123456"),
        ("+86 10 8612 3456", "1086123456"),
        ("+86 (010) 86123456", "1086123456"),
        ("86123456", "86123456"),
        ("+1 212 555 0100", "0012125550100"),
        ("0012125550100", "0012125550100"),
        ("12356", "12356"),
        ("Anonymous", ""),
        ("  ", ""),
    ],
)
def test_the_forms_of_one_line_become_equal(given_number: str, normal: str) -> None:
    assert normalise(given_number) == normal


@pytest.mark.parametrize(
    ("given_number", "dialled"),
    [
        ("138 0013-8000", "13800138000"),
        ("+8613800138000", "+8613800138000"),
        ("010-8612 3456", "01086123456"),
        ("86123456", "86123456"),
        ("0571-8612 3456", "057186123456"),
        ("0451 8612345", "04518612345"),
        ("16812345", ""),
        ("1601234567", ""),
        ("96812345", ""),
        ("4008123456", ""),
        ("95013123456", ""),
        ("+1 212 555 0100", ""),
        ("0049301234", ""),
        ("110", ""),
        ("1001", ""),
        ("1380013800013", ""),
        ("138001380\u0660\u0660", ""),
        ("sip:13800138000", ""),
        ("anonymous", ""),
        ("", ""),
    ],
)
def test_only_a_telephone_number_of_this_country_can_be_called_back(
    given_number: str, dialled: str
) -> None:
    assert dialable(given_number) == dialled


@given(st.text(alphabet="0123456789", min_size=3, max_size=15))
def test_a_sealed_number_opens_as_it_was_dialled_in(number: str) -> None:
    sealed = SEALER.seal(number)
    assert SEALER.open(sealed) == (number if normalise(number) else "")
    assert number not in sealed.digest or len(number) < 5


def test_equal_callers_share_a_digest_and_never_a_cipher() -> None:
    one, other = SEALER.seal("+8613800138000"), SEALER.seal("013800138000")
    assert one.digest == other.digest
    assert one.cipher != other.cipher
    assert SEALER.seal("13800138001").digest != one.digest


def test_withheld_numbers_are_sealed_as_nothing() -> None:
    assert SEALER.seal("anonymous") == SealedNumber(cipher="", digest="")
    assert SEALER.open(SEALER.seal("")) == ""


def test_octets_that_are_not_utf_8_are_one_caller_whose_number_can_be_printed() -> None:
    number = b"138\xff\xfe".decode("utf-8", "surrogateescape")  # as the engine hands it to us
    sealed = SEALER.seal(number)
    assert sealed.digest == SEALER.seal(number).digest
    assert sealed.digest != SEALER.seal("138").digest
    shown = SEALER.open(sealed)
    assert shown == "138\\xff\\xfe"
    assert shown.isascii()


def test_another_key_knows_no_caller_and_opens_nothing() -> None:
    stranger = NumberSealer(bytes(32))
    sealed = SEALER.seal("13800138000")
    assert stranger.seal("13800138000").digest != sealed.digest
    with pytest.raises(SealBroken):
        stranger.open(sealed)


def test_a_cipher_moved_to_another_caller_does_not_open() -> None:
    one, other = SEALER.seal("13800138000"), SEALER.seal("13800138001")
    with pytest.raises(SealBroken):
        SEALER.open(replace(one, digest=other.digest))
    with pytest.raises(SealBroken):
        SEALER.open(replace(one, cipher="no base64!"))


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ConfigError, match="32"):
        NumberSealer(b"short")


def test_the_key_file_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "number.key"
    key = load_or_create_key(path)
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_create_key(path) == key
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_open_to_others_is_refused_with_its_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "number.key"
    load_or_create_key(path)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"{mode:04o}.*chmod 600"):
        load_or_create_key(path)


@pytest.mark.parametrize("content", ["", "abc", "00" * 31, "zz" * 32])
def test_a_damaged_key_file_is_never_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / "number.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="backup"):
        load_or_create_key(path)
    assert path.read_text() == content


def test_a_link_in_place_of_the_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "number.key"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="plain file"):
        load_or_create_key(path)
