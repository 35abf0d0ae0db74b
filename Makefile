# Everything a newcomer needs: `make demo` runs the main job, `make test` proves it. Both do all the set-up themselves.
PYTHON ?= python3
UV := .tools/bin/uv
BIN := .venv/bin
# Named, as `--wait` takes a container that has done its work and ended for a failure.
COMPOSED := balancer contracts orders complaints notifications quality staff regulations customers

.DEFAULT_GOAL := help
.PHONY: help demo up down test test-containers test-promtool compose-secrets compose-up compose-restart compose-down compose-demo lint format bench lock clean

help:            ## this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

demo: .venv/ready  ## set up, start the stack, run the whole story on it, stop it
	$(BIN)/xiaofu demo

up: .venv/ready  ## start the local stack and stay with it (Ctrl-C stops it)
	$(BIN)/xiaofu up

down: .venv/ready  ## stop a stack started with `xiaofu up --detach`
	$(BIN)/xiaofu down

test: .venv/ready  ## all tests, on a real PostgreSQL and a real NATS
	$(BIN)/pytest --cov --cov-report=
	$(BIN)/coverage report --include='shared/*,services/*/domain/*' --fail-under=95

test-containers: .venv/ready  ## store, relay, consumer and journeys on containers, and the compose stack (needs Docker)
	XIAOFU_TEST_SERVERS=containers $(BIN)/pytest -q tests/shared/test_store.py tests/shared/test_relay.py tests/shared/test_consumer.py tests/journeys $(wildcard tests/deploy/test_compose_r*.py)

test-promtool: .venv/ready  ## the alert rules and their tests as Prometheus itself judges them (Debian: prometheus)
	$(BIN)/pytest -q tests/deploy/test_promtool.py

compose-secrets: .venv/ready  ## make what docker-compose.yml mounts: passwords, keys, the users of the bus
	$(BIN)/python -m deploy.docker.secrets

compose-up: compose-secrets  ## build the image, start everything in containers, wait until it is ready
	docker compose up --build --detach --wait $(COMPOSED)

compose-restart: compose-secrets  ## build the image again and replace every container, one by one; no request is lost or refused
	docker compose build contracts
	$(BIN)/python -m deploy.docker.restart

compose-down:    ## stop the containers (the data stays: `docker compose down --volumes` removes it)
	docker compose --profile '*' down

compose-demo: .venv/ready  ## the whole story on containers of its own, which are removed afterwards
	$(BIN)/python -m deploy.docker.demo

lint: .venv/ready  ## ruff, the strict type checker, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/ready  ## let ruff format and fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/ready  ## the figures of docs/benchmarks.md, one JSON line each
	$(BIN)/python -m bench

lock: $(UV)      ## resolve the dependencies again, with hashes
	$(UV) pip compile pyproject.toml --all-extras --universal --generate-hashes --no-header --python-version 3.12 --upgrade -o requirements.lock
	$(UV) pip compile pyproject.toml --constraints requirements.lock --universal --generate-hashes --no-header --python-version 3.12 -o requirements-runtime.lock

clean:           ## remove what the set-up made (not the data of a stack: `xiaofu reset` does that)
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage htmlcov

$(UV):
	$(PYTHON) -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check uv

.venv/ready: requirements.lock pyproject.toml | $(UV)
	$(UV) venv --quiet --allow-existing --python "$$(cat .python-version)" .venv || $(UV) venv --quiet --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv
	$(UV) pip sync --quiet --python $(BIN)/python requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . 2>/dev/null || $(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@
