"""The tiers city - district - street - community: how a node's path is written in files."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

NODE = re.compile(r"[^\s/]{1,64}(/[^\s/]{1,64}){0,7}")


def _node(path: str) -> str:
    if not NODE.fullmatch(path):
        raise ValueError("must be a node's path without spaces, such as city or city/east")
    return path


TierNode = Annotated[str, AfterValidator(_node)]


def is_below(root: str, node: str) -> bool:
    """Whether `node` is `root` or stands below it."""
    return node == root or node.startswith(f"{root}/")


def must_be_below(root: str) -> str:
    """What is allowed, in words."""
    return f"must be site.node, {root!r}, or below it, such as {root}/east"
