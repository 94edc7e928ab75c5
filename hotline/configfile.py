"""``hotline.toml``: read, and checked against what is there."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from hotline.config import Settings
from hotline.configfault import sentence, sentences
from hotline.errors import ConfigError
from hotline.menu.flowfiles import flow_names
from hotline.tier import is_below, must_be_below


def load(path: Path, *, lost_flows: bool = False) -> Settings:
    """Read and check the settings in `path`.

    Raises ConfigError with one sentence per fault: file, key, what was given, what is allowed; what
    was given is left out where it may be a secret. With `lost_flows` a line may name a flow that is
    nowhere: for a process that begins again while callers are served, and for who ends or examines
    a platform.
    """
    settings = _read(path)
    faults = [*_strange_nodes(settings, path), *([] if lost_flows else _lost_flows(settings, path))]
    if faults:
        raise ConfigError("\n".join(faults))
    return settings


def _strange_nodes(settings: Settings, path: Path) -> list[str]:
    root = settings.site.node
    return [
        sentence(path, (section, n, "node"), must_be_below(root), node)
        for section, nodes in (
            ("lines", [line.node for line in settings.lines]),
            ("areas", [area.node for area in settings.areas]),
        )
        for n, node in enumerate(nodes)
        if not is_below(root, node)
    ]


def _lost_flows(settings: Settings, path: Path) -> list[str]:
    there = flow_names(settings.flows_dir)
    what = f"there is no such flow; there are {', '.join(there)} (in {settings.flows_dir}, shipped)"
    return [
        sentence(path, ("lines", n, key), what, name)
        for n, line in enumerate(settings.lines)
        for key, name in (("flow", line.flow), ("closed", line.closed))
        if name not in there
    ]


def _read(path: Path) -> Settings:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; `hotline init` writes one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from None
    state = raw.get("state", "state")
    if isinstance(state, str):
        raw["state"] = path.resolve().parent / state
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        raise ConfigError("\n".join(sentences(path, error, Settings))) from None
