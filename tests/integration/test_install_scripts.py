"""Environment and engine, set up by tiny programs in the place of pip, apt-get and make."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.test_install import FAST, INSTALL, worked

DAY = 24 * 3600

PYTHON = """
case "$*" in
  *machine*) echo cp311-any ;;
  *purelib*) echo {site} ;;
  *bdist_wheel) mkdir -p dist; cp pjsua2.py dist/pjsua2-2.17.whl ;;
esac
"""
APT_GET = """
case "$*" in
  *indextargets*) echo {mirror} ;;
  *download-only*) touch asterisk_22.orig-Xpjproject.tar.xz ;;
esac
"""
TAR = """
tree="$2/pjsip-pjproject-2.17"
mkdir -p "$tree/pjlib/include/pj" "$tree/pjmedia/src/pjmedia-audiodev"
mkdir -p "$tree/pjsip-apps/src/swig/python"
cp -r {source}/. "$tree"
printf '#!/bin/sh\\n' >"$tree/configure"
chmod 755 "$tree/configure"
"""
MAKE = 'case "$*" in *{fails}*) exit 2 ;; esac; touch pjsua2.py\n'
MIRROR = "http://mirror.example/debian"


class Scene:
    """A folder of fake programs that note how they are called, and where they leave things."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.site = folder / "site"
        self.cache = folder / "cache"
        self.source = folder / "source"
        self._calls = folder / "calls"
        for place in (self.bin, self.site):
            place.mkdir()

    def program(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\necho "{path.name} $*" >>{self._calls}\n{text}')
        path.chmod(0o755)

    def run(self, script: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `script` in our folder, with the fakes first in PATH."""
        path = f"{self.bin}:{os.environ['PATH']}"
        return subprocess.run(
            [str(script), *words],
            env={**os.environ, "PATH": path, "LOG": str(self.folder / "log")},
            cwd=self.folder, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def called(self, *programs: str) -> list[str]:
        """How these were called since the last question."""
        lines = self._calls.read_text().splitlines() if self._calls.exists() else []
        self._calls.unlink(missing_ok=True)
        return [line for line in lines if line.split()[0] in programs]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


# --- environment.sh ----------------------------------------------------------------------

Environment = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(scene: Scene) -> Environment:
    """Runs the script in a project of its own, whose environment has a pip that succeeds."""
    install = scene.folder / "admin" / "install"
    install.mkdir(parents=True)
    for name in ("environment.sh", "step.sh"):
        shutil.copy(INSTALL / name, install)
    for name in ("requirements.txt", "requirements-dev.txt", "pyproject.toml"):
        (scene.folder / name).write_text(f"# {name}\n")
    scene.program(scene.folder / "venv" / "bin" / "python", "")
    return lambda kind="run": scene.run(
        install / "environment.sh", str(scene.folder / "venv"), kind
    )


def installs(scene: Scene) -> list[str]:
    """What pip was asked to install."""
    root = f"{scene.folder}/"
    asked = [call for call in scene.called("python") if " install " in call]
    return [call.partition(" install ")[2].replace(root, "").strip() for call in asked]


@pytest.mark.parametrize(
    ("kind", "locks"),
    [("run", "-r requirements.txt"), ("test", "-r requirements.txt -r requirements-dev.txt")],
)
def test_locked_packages_are_installed_by_their_hashes_and_then_the_platform(
    scene: Scene, environment: Environment, kind: str, locks: str
) -> None:
    done = environment(kind)
    assert done.returncode == 0, done.stderr
    packages, platform = installs(scene)
    assert packages == f"--require-hashes {locks}"
    assert platform == f"--no-deps --no-build-isolation --no-index -e {scene.folder}"
    assert re.search(r"locked packages: done in \d+ s", done.stdout)


def test_environment_that_is_there_is_passed_over_silently_and_fast(
    scene: Scene, environment: Environment
) -> None:
    environment()
    installs(scene)
    before = worked()
    again = environment()
    assert (again.returncode, again.stdout + again.stderr) == (0, "")
    assert worked() - before < FAST
    assert scene.called("python") == []


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml"])
def test_environment_is_made_current_when_what_it_is_made_from_changes(
    scene: Scene, environment: Environment, name: str
) -> None:
    environment()
    installs(scene)
    (scene.folder / name).write_text("# changed\n")
    assert environment().returncode == 0
    assert len(installs(scene)) == 2


def test_environment_that_could_not_be_made_is_tried_again(
    scene: Scene, environment: Environment
) -> None:
    python = scene.folder / "venv" / "bin" / "python"
    scene.program(python, 'case "$*" in *require-hashes*) echo no such hash; exit 1 ;; esac\n')
    failed = environment()
    assert failed.returncode == 1
    assert "no such hash" in failed.stderr
    scene.program(python, "")
    installs(scene)
    assert environment().returncode == 0
    assert len(installs(scene)) == 2


PATCHES = sorted(INSTALL.glob("*.patch"))


# --- engine.sh -----------------------------------------------------------------------------

Engine = Callable[[], subprocess.CompletedProcess[str]]


@pytest.fixture
def engine(scene: Scene) -> Engine:
    """Runs the script where fetching and compiling succeed at once; `patch` is the real one."""
    python = scene.folder / "venv" / "bin" / "python"
    scene.program(python, PYTHON.format(site=scene.site))
    scene.program(scene.bin / "apt-get", APT_GET.format(mirror=MIRROR))
    scene.program(scene.bin / "tar", TAR.format(source=scene.source))
    compiles(scene)
    for patch in PATCHES:
        before(patch, scene.source)
    return lambda: scene.run(INSTALL / "engine.sh", str(python), str(scene.cache))


def before(patch: Path, source: Path) -> Path:
    """Write as much of a file as the patch names, at the lines where it expects it."""
    body: list[str] = []
    for line in patch.read_text().splitlines():
        if line.startswith("--- a/"):
            path = source / line.removeprefix("--- a/")
        elif line.startswith("@@"):
            first = int(line.split()[1].split(",")[0][1:])
            body += [""] * (first - 1 - len(body))
        elif line[:1] in (" ", "-"):
            body.append(line[1:])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(body) + "\n")
    return path


def compiles(scene: Scene, *, fails: str = "nothing") -> None:
    scene.program(scene.bin / "make", MAKE.format(fails=fails))


def wheels(scene: Scene) -> list[Path]:
    return list((scene.cache / "engine").glob("*/*.whl"))


def engines_installed(scene: Scene) -> list[str]:
    """What pip was asked to install, by the last word of it."""
    calls = [call for call in scene.called("python") if "pip install" in call]
    return [call.split()[-1].rpartition("/")[2] for call in calls]


def is_silent(done: subprocess.CompletedProcess[str]) -> bool:
    return (done.returncode, done.stdout + done.stderr) == (0, "")


def test_engine_is_built_once_kept_as_a_wheel_and_installed(scene: Scene, engine: Engine) -> None:
    done = engine()
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = wheels(scene)
    assert engines_installed(scene) == ["pjsua2-2.17.whl"]
    assert list((scene.cache / "engine").glob("build-*")) == [], "the tree is gone"
    before = worked()
    assert is_silent(engine())
    assert worked() - before < FAST
    assert scene.called("make", "apt-get") == engines_installed(scene) == []
    (scene.site / "pjsua2.recipe").unlink()  # a new environment
    assert "installing pjsua2-2.17.whl" in engine().stdout
    assert scene.called("make", "apt-get") == []
    assert wheels(scene) == [wheel]


@pytest.mark.parametrize("lost", [None, *PATCHES], ids=lambda one: one.stem if one else "none")
def test_engine_says_which_patches_were_applied_and_is_built_in_any_case(
    scene: Scene, engine: Engine, lost: Path | None
) -> None:
    if lost is not None:
        before(lost, scene.source).write_text("int another_release;\n")
    done = engine()
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = wheels(scene)
    names: dict[str, frozenset[str]] = {}
    exec(wheel.read_text(), names)  # noqa: S102 - a line of Python, which the script has written
    assert names["PATCHES"] == {patch.stem for patch in PATCHES if patch != lost}
    assert engines_installed(scene) == ["pjsua2-2.17.whl"]


@pytest.mark.parametrize("fault", ["compiler", "mirror", "source"])
def test_engine_that_cannot_be_built_is_the_published_wheel_until_tomorrow(
    scene: Scene, engine: Engine, fault: str
) -> None:
    if fault == "compiler":
        compiles(scene, fails="dep")
    elif fault == "mirror":
        scene.program(scene.bin / "apt-get", APT_GET.format(mirror=""))
    else:
        scene.program(scene.bin / "apt-get", f"{APT_GET.format(mirror=MIRROR)}exit 100\n")
        scene.program(scene.bin / "tar", "exit 2\n")
    done = engine()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "could not be built" in done.stdout
    assert "4 calls per process" in done.stdout
    [line] = [call for call in scene.called("python") if "pip install" in call]
    assert "--require-hashes" in line
    assert line.endswith("wheel.txt")
    assert wheels(scene) == []
    assert is_silent(engine()), "tried again at once"
    assert scene.called("make", "apt-get") == engines_installed(scene) == []


def test_build_that_failed_is_tried_again_after_a_day(scene: Scene, engine: Engine) -> None:
    compiles(scene, fails="dep")
    engine()
    [failed] = (scene.cache / "engine").glob("*/failed")
    yesterday = time.time() - 1.1 * DAY
    os.utime(failed, (yesterday, yesterday))
    again = engine()
    assert "could not be built" in again.stdout
    assert is_silent(engine()), "the day begins anew"
    os.utime(failed, (yesterday, yesterday))
    compiles(scene)
    engines_installed(scene)
    assert engine().returncode == 0
    assert engines_installed(scene) == ["pjsua2-2.17.whl"]
    assert is_silent(engine())
