"""How CI comes by a Docker engine: what it uses, what it stops again, and what it says when there is none."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "deploy/docker/with-engine"
TOOL = """
case ${1:-} in --stop) rm engine; echo stopped >>told; exit ;; esac
echo made >>told
"""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Where `docker` answers as long as there is a file `engine`, and whoever asks is root."""
    program(
        tmp_path / "bin/docker", f"case $1 in version) test -e {tmp_path}/engine ;; *) {tmp_path}/bin/rest $* ;; esac"
    )
    program(tmp_path / "bin/rest", "")
    program(tmp_path / "bin/id", "echo 0")
    return tmp_path


def program(file: Path, text: str) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def start(machine: Path, *command: str, tool: str = "", **settings: str) -> subprocess.Popen[str]:
    environment = os.environ | {
        "PATH": f"{machine}/bin:{os.environ['PATH']}",
        "XIAOFU_DOCKER_OFFLINE": str(program(machine / "tool", tool)) if tool else str(machine / "none"),
    }
    return subprocess.Popen(
        [SCRIPT, *command], cwd=machine, env=environment | settings, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def told(machine: Path) -> str:
    file = machine / "told"
    return file.read_text() if file.exists() else ""


def test_an_engine_that_answers_is_used_and_not_stopped(machine: Path) -> None:
    (machine / "engine").touch()
    done = start(machine, "sh", "-c", "echo ran >>told", tool=TOOL)
    assert (done.communicate()[0], done.returncode, told(machine)) == ("", 0, "ran\n")
    assert (machine / "engine").exists()


@pytest.mark.parametrize("code", [0, 3])
def test_an_engine_is_made_for_as_long_as_the_command_runs_and_its_failure_is_a_failure(
    machine: Path, code: int
) -> None:
    done = start(machine, "sh", "-c", f"echo ran >>told; exit {code}", tool=TOOL + "touch engine")
    said = done.communicate()[0]
    assert (done.returncode, told(machine)) == (code, "made\nran\nstopped\n"), said
    assert "NOT TESTED" not in said


def test_what_an_engine_brings_back_from_a_run_that_was_ended_is_stopped_first(machine: Path) -> None:
    program(machine / "bin/rest", "test $1 = ps && echo a1 b2 || echo $* >>told")
    done = start(machine, "sh", "-c", "echo ran >>told", tool=TOOL + "touch engine")
    said = done.communicate()[0]
    assert (done.returncode, told(machine)) == (0, "made\nstop -t 5 a1 b2\nran\nstopped\n"), said


@pytest.mark.parametrize(
    ("tool", "why"),
    [
        ("", "none, which would make one, is not there"),
        (TOOL + "echo no space left; touch engine; exit 1", "tool could not make one within 900 s"),
        (TOOL + "echo no space left", "tool could not make one within 900 s"),
    ],
)
def test_without_an_engine_it_is_said_in_capitals_that_nothing_was_tested(machine: Path, tool: str, why: str) -> None:
    done = start(machine, "sh", "-c", "echo ran >>told", tool=tool)
    said = done.communicate()[0]
    assert done.returncode == 0
    assert "\nNOT TESTED ON CONTAINERS: no Docker engine answers, and " in said
    assert why in said
    assert ("no space left" in said) == bool(tool)
    assert told(machine) == ("made\nstopped\n" if tool else "")
    assert not (machine / "engine").exists()


def test_a_tool_that_takes_too_long_is_ended(machine: Path) -> None:
    done = start(machine, "true", tool=TOOL + "exec tail -f /dev/null", WITH_ENGINE_MAKING="0.2")
    assert "could not make one within 0.2 s" in done.communicate()[0]
    assert (done.returncode, told(machine)) == (0, "made\nstopped\n")


def test_a_stranger_cannot_make_an_engine_and_is_told_so(machine: Path) -> None:
    program(machine / "bin/id", "echo 1000")
    done = start(machine, "true", tool=TOOL)
    assert "NOT TESTED ON CONTAINERS: no Docker engine answers, and only root can make one" in done.communicate()[0]
    assert (done.returncode, told(machine)) == (0, "")


def test_the_engine_is_stopped_also_when_ci_is_ended_midway(
    machine: Path, eventually: Callable[[Callable[[], object]], None]
) -> None:
    running = start(machine, "sh", "-c", "echo ran >>told; exec tail -f /dev/null", tool=TOOL + "touch engine")
    eventually(lambda: "ran" in told(machine))
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=10)
    assert (running.returncode, told(machine)) == (143, "made\nran\nstopped\n")
