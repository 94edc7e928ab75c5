"""A wrong configuration is told in one sentence: file, key, what is allowed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import redis

from hotline.configfile import load
from hotline.errors import ConfigError

WRONG = {
    "unknown key": (
        "[edge]\nprot = 5060",
        r"edge\.prot: no such key; there are address, port, .*5060",
    ),
    "unknown section": (
        "[egde]\nport = 5060",
        r"egde: no such key; there are state, site, lines, edge",
    ),
    "wrong type": ('[edge]\nport = "many"', r"edge\.port: .*integer.*'many'"),
    "below its range": ("[edge]\nport = 80", r"edge\.port: .*greater than or equal to 1024.*80"),
    "above its range": ("[gateway]\nprocesses = 65", r"gateway\.processes: .*64.*65"),
    "not one of the allowed": ('[site]\nlanguage = "fr"', r"site\.language: .*'zh' or 'en'.*'fr'"),
    "no number": ('[[lines]]\nnumber = "call me"', r"lines\.0\.number: .*\[0-9\+\].*'call me'"),
    "a feature code as a line": ('[[lines]]\nnumber = "*11"', r"lines\.0\.number: .*\*11"),
    "no line at all": ("lines = []", r"lines: .*at least 1"),
    "every address": (
        '[edge]\naddress = "0.0.0.0"',
        r"edge\.address: must be one IPv4 address .*'0\.0\.0\.0'",
    ),
    "a name for an address": ('[gateway]\naddress = "gw.local"', r"gateway\.address: must be one"),
    "a database of another kind": (
        '[database]\nurl = "foo://x"',
        r"database\.url: must begin with",
    ),
    "a Redis of another kind": (
        '[redis]\nurl = "http://:geheim@there"',
        r"redis\.url: must be redis://HOST:PORT/NUMBER, .*one$",
    ),
    "a Redis on no port": (
        '[redis]\nurl = "redis://there:many/0"',
        r"redis\.url: must be redis://",
    ),
    "a Redis without a host": ('[redis]\nurl = "redis://"', r"redis\.url: must be redis://"),
    "a Redis with a word for a number": (
        '[redis]\nurl = "redis://there/queue"',
        r"redis\.url: must be redis://",
    ),
    "a Redis address cut short": ('[redis]\nurl = "redis://[::1"', r"redis\.url: must be redis://"),
    "a timeout of the operator's": (
        '[redis]\nurl = "redis://there/0?socket_timeout=x"',
        r"redis\.url: must be redis://",
    ),
    "a flow that is nowhere": (
        '[[lines]]\nnumber = "12356"\nflow = "nightshift"',
        r"lines\.0\.flow: there is no such flow; there are blocked, care, closed, closed_message, "
        r"main \(in .*/flows, shipped\), not 'nightshift'$",
    ),
    "a flow for closed hours that is nowhere": (
        '[[lines]]\nnumber = "12356"\nclosed = "shut"',
        r"lines\.0\.closed: there is no such flow; .* not 'shut'$",
    ),
    "a path for a flow": (
        '[[lines]]\nnumber = "12356"\nflow = "../main"',
        r"lines\.0\.flow: .*\[a-z0-9_\].*'\.\./main'",
    ),
    "a node that is none": (
        '[[lines]]\nnumber = "12356"\nnode = "/city"',
        r"lines\.0\.node: must be a node's path without spaces, such as .*, not '/city'$",
    ),
    "a node under another root": (
        '[[lines]]\nnumber = "12356"\nnode = "ctiy/east"',
        r"lines\.0\.node: must be site\.node, 'city', or below it, .*, not 'ctiy/east'$",
    ),
    "a notice that is no prompt's name": (
        '[[lines]]\nnumber = "12356"\nnotice = "storm.wav"',
        r"lines\.0\.notice: .*\[a-z0-9_\].*'storm\.wav'",
    ),
    "SIP among RTP": (
        "[gateway]\nfirst_rtp_port = 5000",
        r"edge\.port is 5060, among the RTP ports 5000",
    ),
    "unknown key of a trunk": (
        '[[edge.trunks]]\nname = "op"\nnetworks = ["10.0.0.0/8"]\nport = 1',
        r"edge\.trunks\.0\.port: no such key; there are name, networks",
    ),
    "no network": (
        '[[edge.trunks]]\nname = "op"\nnetworks = ["all"]',
        r"edge\.trunks\.0\.networks\.0: .*IPv4 network.*'all'",
    ),
    "too short a session": ("[gateway]\nsession_expires = 60", r"session_expires: .*90.*60"),
    "hours that are none": (
        '[[lines]]\nnumber = "12356"\nopen = ["mon-fri 8-22"]',
        r"lines\.0\.open: 'mon-fri 8-22': write days and a time, such as mon-fri 08:00-22:00",
    ),
    "a number twice": (
        '[[lines]]\nnumber = "12356"\n[[lines]]\nnumber = "12356"',
        r"lines: .*number 12356 stands twice",
    ),
    "a port twice": (
        "[edge]\nport = 5071\n[gateway]\nfirst_port = 5070",
        r"gateway\.first_port and edge\.port both use port 5071; ports must differ",
    ),
    "callbacks without a way out": (
        "[callback]\nenabled = true",
        r"callback\.enabled needs edge\.outbound_trunk",
    ),
    "callback window that cannot be said": (
        '[callback]\nwindows = ["mon-sun 18:10-20:00"]',
        r"callback\.windows: 'mon-sun 18:10-20:00': begins and ends at a quarter of an hour",
    ),
    "callback window that is none": (
        '[callback]\nwindows = ["evening"]',
        r"callback\.windows: 'evening': write days and a time",
    ),
    "second call while the first may ring": (
        "[callback]\nretry_minutes = 1",
        r"callback\.retry_minutes: .*greater than or equal to 3, not 1",
    ),
    "an overflow without an occasion": (
        '[[overflow]]\nname = "north"\nto = "sip:a@192.0.2.1"',
        r"overflow\.0: needs after \(seconds\), when_unstaffed = true, or both$",
    ),
    "an overflow to a number": (
        '[[overflow]]\nname = "north"\nto = "12355"\nafter = 60',
        r"overflow\.0\.to: must be a SIP address such as sip:hotline@192.0.2.20:5060, not '12355'$",
    ),
    "an overflow that would break out of the edge's configuration": (
        "[[overflow]]\nname = 'north'\nto = 'sip:a\";exit;@192.0.2.1'\nafter = 60",
        r"overflow\.0\.to: must be a SIP address such as",
    ),
    "two partners of one name": (
        '[[overflow]]\nname = "north"\nto = "sip:a@192.0.2.1"\nafter = 60\n'
        '[[overflow]]\nname = "north"\nto = "sip:b@192.0.2.1"\nafter = 90',
        r"overflow: name north stands twice; each partner has a name of its own$",
    ),
    "a partner that takes nobody": (
        '[[overflow]]\nname = "north"\nto = "sip:a@192.0.2.1"\nafter = 60\ncallers = 0',
        r"overflow\.0\.callers: .*greater than or equal to 1, not 0$",
    ),
    "an overflow of a line that is none": (
        '[[overflow]]\nname = "north"\nto = "sip:a@192.0.2.1"\nafter = 60\nlines = ["96525"]',
        r"overflow\.0\.lines: 96525 is none of our lines; they are 12356$",
    ),
    "a priority that is none": (
        '[[overflow]]\nname = "north"\nto = "sip:a@192.0.2.1"\nafter = 60\npriorities = ["low"]',
        r"overflow\.0\.priorities\.0: input should be 'crisis', .*, not 'low'$",
    ),
    "a message that silence cannot end": (
        "[voicemail]\nlongest = 20\nsilence = 30",
        r"voicemail: silence \(30 s\) must be shorter than longest \(20 s\)$",
    ),
    "voicemail without recording": (
        "[voicemail]\nenabled = true\n[recording]\nenabled = false",
        r"voicemail\.enabled: a message is a recording; set recording\.enabled = true as well$",
    ),
    "too many RTP ports": (
        "[gateway]\nprocesses = 64",
        r"first_rtp_port.*beyond 65535; use fewer",
    ),
}


def fault_of(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value)


@pytest.mark.parametrize("fault", WRONG)
def test_wrong_setting_is_one_sentence_with_file_key_and_what_is_allowed(
    fault: str, tmp_path: Path
) -> None:
    text, wanted = WRONG[fault]
    path = tmp_path / "hotline.toml"
    path.write_text(text)
    said = fault_of(path)
    assert said.startswith(f"{path}: ")
    assert "\n" not in said
    assert re.search(wanted, said), said


def test_every_fault_has_a_sentence_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "hotline.toml"
    path.write_text('[edge]\nport = 80\n[site]\nlanguage = "fr"')
    assert len(fault_of(path).splitlines()) == 2


def test_missing_file_says_what_writes_one(tmp_path: Path) -> None:
    path = tmp_path / "absent.toml"
    assert fault_of(path) == f"{path}: no such file; `hotline init` writes one"


def test_broken_toml_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "hotline.toml"
    path.write_text("[edge]\nport = = 1")
    assert re.fullmatch(rf"{path}: is not TOML: .*line 2.*", fault_of(path))


def test_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "hotline.toml"
    path.write_bytes('[site]\nname = "心理热线"'.encode("gb18030"))
    assert fault_of(path).startswith(f"{path}: cannot be read: ")


def test_state_of_a_wrong_type_is_told(tmp_path: Path) -> None:
    path = tmp_path / "hotline.toml"
    path.write_text("state = 7")
    assert re.search(r"state: .*path.*7", fault_of(path))


def test_relative_state_is_beside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "hotline.toml"
    path.write_text('state = "data"')
    assert load(path).state == tmp_path / "data"


def test_section_that_is_no_table_is_told(tmp_path: Path) -> None:
    path = tmp_path / "hotline.toml"
    path.write_text("edge = 5060")
    assert fault_of(path).startswith(f"{path}: edge: ")


@pytest.mark.parametrize(
    "url",
    [
        "redis://redis.internal:6379/0",
        "redis://127.0.0.1",
        "redis://:geheim@[::1]:6390/1",
        "rediss://me:geheim@redis.internal/0?ssl_ca_certs=/etc/ca.pem",
        "unix:///run/redis.sock?db=2",
    ],
)
def test_every_kind_of_redis_url_is_taken(tmp_path: Path, url: str) -> None:
    path = tmp_path / "hotline.toml"
    path.write_text(f'[redis]\nurl = "{url}"')
    assert load(path).redis_url == url
    redis.Redis.from_url(url).close()


def test_operators_own_flow_may_be_named_and_one_that_has_gone_ends_no_running_platform(
    tmp_path: Path,
) -> None:
    path = tmp_path / "hotline.toml"
    path.write_text('[[lines]]\nnumber = "12356"\nflow = "night"\nnode = "city/east"')
    flow = tmp_path / "state" / "flows" / "night.toml"
    flow.parent.mkdir(parents=True)
    flow.write_text("start =")  # broken: an alarm and a finding, but no reason not to start
    assert load(path).lines[0].flow == "night"
    flow.unlink()
    assert "lines.0.flow" in fault_of(path)
    assert load(path, lost_flows=True).lines[0].flow == "night"


@pytest.mark.parametrize(
    "text",
    [
        '[redis]\npassword = "geheim!Wort"',
        "[redis]\npassword = 12345678901234567",
        '[redis]\nurl = "foo://:geheim!Wort@there"',
        '[redis]\npasswrd = "geheim!Wort"',
        'redis = "redis://:geheim!Wort@there"',
        '[database]\nurl = "mysql://me:geheim!Wort@there/hotline"',
        'database = "geheim!Wort"',
        '[edge]\npassword = "geheim!Wort"',
        '[site]\ntimezone = "redis://:geheim!Wort@there"',
        'password = "geheim!Wort"',
    ],
)
def test_no_secret_is_shown_in_what_is_said_of_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hotline.toml"
    path.write_text(text)
    said = fault_of(path)
    assert said.startswith(f"{path}: ")
    assert "geheim" not in said
    assert "12345678901234567" not in said
