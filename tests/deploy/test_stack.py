"""The stack: everything up, kept up, and nothing left when it is down."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.local.folder import Folder
from deploy.local.leftovers import leftovers
from deploy.local.ports import free_port
from deploy.local.problem import Problem
from deploy.local.processes import wait_gone
from deploy.local.running import take_down
from deploy.local.stack import Stack
from deploy.local.supervision import ServiceCommand

type Standin = Callable[..., ServiceCommand]
KEEPER = Path(__file__).with_name("keep_a_stack.py")


def two_services() -> dict[str, int]:
    return {"orders": free_port(), "staff": free_port()}


async def test_every_service_is_started_with_its_own_database(data_dir: Path, standin: Standin) -> None:
    async with Stack(data_dir, services=two_services(), command=standin()) as stack:
        async with httpx.AsyncClient(trust_env=False) as client:
            for name in ("orders", "staff"):
                assert (await client.get(stack.base_url(name))).text == name
        assert stack.token("u17", "finance").count(".") == 2
        assert all(entry.state == "ready" for entry in stack.state.processes.values())


async def test_a_service_that_dies_is_started_again(data_dir: Path, standin: Standin) -> None:
    async with Stack(data_dir, services=two_services(), command=standin("worker")) as stack:
        first = stack.state.processes["orders"].pid
        stack.kill("orders")
        await stack.all_ready(10)
        entry = stack.state.processes["orders"]
        assert entry.pid != first
        assert entry.restarts == 1
        assert stack.state.processes["staff"].restarts == 0


@pytest.mark.parametrize("server", ["postgres", "nats"])
async def test_a_server_that_dies_is_started_again_on_its_port(data_dir: Path, standin: Standin, server: str) -> None:
    async with Stack(data_dir, services=two_services(), command=standin()) as stack:
        port = stack.state.processes[server].port
        stack.kill(server)
        await stack.all_ready(20)
        assert (stack.state.processes[server].port, stack.state.processes[server].restarts) == (port, 1)


async def test_stop_leaves_no_process_behind_not_even_a_worker(data_dir: Path, standin: Standin) -> None:
    async with Stack(data_dir, services=two_services(), command=standin("worker")) as stack:
        assert len(list(leftovers(data_dir, stack.state))) >= 6
    assert list(leftovers(data_dir, stack.state)) == []
    assert Folder(data_dir).supervisor() is None


async def test_a_restarted_stack_keeps_its_ports_and_secrets(data_dir: Path, standin: Standin) -> None:
    seen = []
    for _ in range(2):
        async with Stack(data_dir, services={"orders": free_port()}, command=standin()) as stack:
            seen.append((stack.nats_url("orders"), stack.database_url("orders")))
    assert seen[0] == seen[1]


async def test_a_taken_port_is_named_with_its_holder_and_a_way_out(data_dir: Path, standin: Standin) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(Problem) as refusal:
            await Stack(data_dir, services={"orders": port}, command=standin()).start()
    assert f"{port} (orders) by " in str(refusal.value)
    assert f"(pid {os.getpid()})" in str(refusal.value)
    assert "--port-offset 100" in str(refusal.value)


async def test_a_second_stack_on_the_same_folder_is_refused(data_dir: Path, standin: Standin) -> None:
    async with Stack(data_dir, services=two_services(), command=standin()):
        with pytest.raises(Problem, match=rf"already running \(supervisor: pid {os.getpid()}\)"):
            await Stack(data_dir, services=two_services(), command=standin()).start()


async def test_data_of_another_version_is_not_touched(new_dir: Path, standin: Standin) -> None:
    Folder(new_dir).prepare()
    (new_dir / "VERSION").write_text("layout 1, PostgreSQL 17\n")
    with pytest.raises(Problem, match="was made by layout 1, PostgreSQL 17"):
        await Stack(new_dir, services=two_services(), command=standin()).start()


def test_a_folder_with_other_things_in_it_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(Problem, match="holds other things"):
        Folder(tmp_path).claim()
    with pytest.raises(Problem, match="not a xiaofu data folder"):
        Folder(tmp_path).require_xiaofu_data()


async def test_a_service_that_cannot_start_is_shown_with_its_last_words(data_dir: Path, standin: Standin) -> None:
    stack = Stack(data_dir, services={"orders": free_port()}, command=standin("crash"))
    with pytest.raises(Problem, match=r"(?s)orders dies on starting.*no table named orders"):
        await stack.start()
    assert list(leftovers(data_dir, stack.state)) == []


def keeper(data_dir: Path, *manners: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(KEEPER), str(data_dir), str(free_port()), *manners]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def is_ready(data_dir: Path) -> bool:
    state = Folder(data_dir).running()
    return state is not None and state.ready


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_stack_in_order_and_entirely(
    data_dir: Path, eventually: Callable[..., None], number: signal.Signals
) -> None:
    supervisor = keeper(data_dir, "worker")
    eventually(lambda: is_ready(data_dir), 20)
    supervisor.send_signal(number)
    assert supervisor.wait(20) == 0
    assert list(leftovers(data_dir, Folder(data_dir).state())) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux signals the children of the dead")
def test_when_the_supervisor_is_killed_nothing_lives_on(data_dir: Path, eventually: Callable[..., None]) -> None:
    supervisor = keeper(data_dir)
    eventually(lambda: is_ready(data_dir), 20)
    supervisor.kill()
    supervisor.wait()
    eventually(lambda: not list(leftovers(data_dir, Folder(data_dir).state())), 15)


def test_down_ends_what_a_killed_supervisor_left_and_nothing_else(
    data_dir: Path, eventually: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.leftovers.wait_gone", lambda them, seconds: wait_gone(them, seconds / 10))
    supervisor = keeper(data_dir, "stubborn")
    eventually(lambda: is_ready(data_dir), 20)
    stranger = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    state = Folder(data_dir).state()
    assert state is not None
    state.processes["orders"].pid = stranger.pid
    supervisor.kill()
    supervisor.wait()
    Folder(data_dir).save(state)
    assert any("standin.py" in " ".join(process.cmdline()) for process in leftovers(data_dir, state))
    take_down(Folder(data_dir))
    assert list(leftovers(data_dir, state)) == []
    assert psutil.Process(stranger.pid).is_running()
    stranger.kill()
    stranger.wait()


async def test_stopping_while_starting_leaves_nothing_behind(new_dir: Path, standin: Standin) -> None:
    stack = Stack(new_dir, services=two_services(), command=standin())
    starting = asyncio.create_task(stack.start())
    async with asyncio.timeout(20):
        while "nats" not in stack.state.processes:
            await asyncio.wait([starting], timeout=0.02)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert list(leftovers(new_dir, stack.state)) == []
