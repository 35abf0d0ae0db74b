"""The command `xiaofu` as someone types it."""

from pathlib import Path

import jwt
import pytest
from typer.testing import CliRunner

from deploy.local.command import app
from deploy.local.credentials import signing_key
from deploy.local.folder import Folder

COMMANDS = [
    "demo",
    "up",
    "down",
    "status",
    "token",
    "migrate",
    "reset",
    "events",
    "dead-letters",
    "audit",
    "replay",
    "restart",
    "backup",
    "restore",
]


def xiaofu(*words: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    code, shown, _ = xiaofu(command, "--help")
    assert code == 0
    assert "Example" in shown or command == "dead-letters"


def test_token_prints_the_token_and_nothing_else(tmp_path: Path) -> None:
    signing_key(tmp_path)
    code, shown, _ = xiaofu("token", "--role", "finance", "--user", "u17", "--data-dir", tmp_path)
    assert code == 0
    assert jwt.decode(shown.strip(), options={"verify_signature": False})["posts"] == ["finance"]


@pytest.mark.parametrize("command", [["status"], ["events"], ["audit"], ["dead-letters", "list"]])
def test_without_a_running_stack_the_answer_says_how_to_start_one(tmp_path: Path, command: list[str]) -> None:
    code, _, complaint = xiaofu(*command, "--data-dir", tmp_path)
    assert code == 1
    assert "xiaofu up" in complaint


def test_an_unknown_service_is_answered_with_those_there_are(tmp_path: Path) -> None:
    code, _, complaint = xiaofu("up", "--only-services", "orders,billing", "--data-dir", tmp_path)
    assert code == 1
    assert "There is no service billing. Services: contracts, orders" in complaint


def test_reset_deletes_a_data_folder_and_only_a_data_folder(new_dir: Path, tmp_path: Path) -> None:
    Folder(new_dir).prepare()
    assert xiaofu("reset", "--yes", "--data-dir", new_dir)[0] == 0
    assert not new_dir.exists()
    code, _, complaint = xiaofu("reset", "--yes", "--data-dir", tmp_path)
    assert (code, tmp_path.exists()) == (1, True)
    assert "not a xiaofu data folder" in complaint
