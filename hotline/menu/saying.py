"""Flows that say what only the moment knows: a notice before the menu, words in place of others."""

from __future__ import annotations

from collections.abc import Sequence

from hotline.menu.flow import Flow, Node

NOTICE = "*notice"
"""A node that no file can have: its name is not allowed there."""
PAUSE_SECONDS = 0.5


def after_notice(flow: Flow, prompts: Sequence[str]) -> Flow:
    """Return `flow` with `prompts` said once before it; any key passes them over, and the keys
    that work everywhere work there too."""
    node = Node(prompts=tuple(prompts), timeout=PAUSE_SECONDS, next=flow.start)
    return flow.model_copy(update={"start": NOTICE, "nodes": {**flow.nodes, NOTICE: node}})


def saying(flow: Flow, prompt: str, instead: Sequence[str]) -> Flow:
    """Return `flow` with the prompts `instead` wherever it says `prompt`."""

    def said(name: str) -> Sequence[str]:
        return instead if name == prompt else (name,)

    nodes = {
        name: node.model_copy(update={"prompts": tuple(s for p in node.prompts for s in said(p))})
        for name, node in flow.nodes.items()
    }
    return flow.model_copy(update={"nodes": nodes})
