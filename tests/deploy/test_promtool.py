"""The alerts as Prometheus's own tool judges them: `make test-promtool`, where it is installed (Debian: prometheus)."""

import shutil
import subprocess

import pytest

from tests.deploy.test_observability import FOLDER


@pytest.mark.parametrize("command", [["check", "config", "prometheus.yml"], ["test", "rules", "alerts.test.yaml"]])
def test_promtool_finds_the_same(command: list[str]) -> None:
    assert shutil.which("promtool"), "promtool is not installed (Debian: prometheus)"
    done = subprocess.run(["promtool", *command], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
