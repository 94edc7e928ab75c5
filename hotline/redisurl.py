"""What a Redis URL of the configuration must be: checked at start, without a connection."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

REDIS_URL = (
    "redis://HOST:PORT/NUMBER, rediss://HOST:PORT/NUMBER or unix:///PATH?db=NUMBER, "
    "with USER:PASSWORD@ before HOST where there is one"
)
_FILES = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"})


def is_redis_url(url: str) -> bool:
    """Whether `url` is `REDIS_URL`; TLS may name its files (``?ssl_ca_certs=PATH``).

    Other options are none of an operator's: timeouts, for one, are the platform's own.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError:  # no number for a port, an address cut short, an option without a value
        return False
    if port == 0 or parts.fragment or not _is_number(options.pop("db", "0")):
        return False
    if parts.scheme == "unix":
        return bool(parts.path.strip("/")) and not parts.hostname and not options
    allowed = _FILES if parts.scheme == "rediss" else frozenset()
    if parts.scheme not in ("redis", "rediss") or not options.keys() <= allowed:
        return False
    return _is_host(parts.hostname) and _is_number(parts.path.strip("/") or "0")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_host(host: str | None) -> bool:
    """Whether a name can be asked for at all; an IPv6 address has colons."""
    if not host or any(character.isspace() for character in host):
        return False
    return all(0 < len(label) < 64 for label in host.rstrip(".").split("."))
