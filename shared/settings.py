"""What a service process reads from its environment; `create_service` is the only reader."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, PlainValidator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.events.partitions import WHOLE, Partitions


class Role(StrEnum):
    """What a process of a service does; one process may do all of it, N processes any part of it."""

    API = "api"
    RELAY = "relay"
    CONSUMER = "consumer"
    TIMERS = "timers"


SECRETS = Path("/run/secrets")  # where Docker and Kubernetes put what no environment should show


class Settings(BaseSettings):
    """Environment variables of the same names, upper case; in a container also files of the same names."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, secrets_dir=SECRETS if SECRETS.is_dir() else None)

    database_url: str = Field(description="postgresql://role:password@host:port/database of this service")
    nats_url: str = Field(description="nats://user:password@host:port")
    jwks: str = Field(description="Path or http(s) URL of the key set that bearer tokens are checked against")
    token_issuer: str = "xiaofu-local"
    token_audience: str = "xiaofu"
    company_name: str = Field(default="示范陶瓷有限公司", description="Who we are, at the head of every paper")
    public_url: str = Field(
        default="http://127.0.0.1:8001", description="Where others reach contracts: a printed one says it"
    )
    policy_file: Path | None = Field(
        default=None, description="TOML that changes some of the policy's values, until regulations announce a policy"
    )
    roles: frozenset[Role] = frozenset(Role)
    partitions: Annotated[Partitions, NoDecode, PlainValidator(Partitions.read)] = Field(
        default=WHOLE, description="The share of the entities whose events this process follows: p00-p07, for one"
    )
    pool_size: int = Field(default=16, ge=2)
    stream_replicas: int = Field(default=1, ge=1, le=5)
    body_limit: int = Field(default=10 * 1024 * 1024, description="Largest request body, in bytes")
    request_seconds: float = Field(default=30, description="Longest a request may take, in seconds")
    drain_seconds: float = Field(
        default=0, ge=0, description="How long a process that was asked to stop still serves, so that callers leave it"
    )
    log_level: str = "INFO"
    otel_exporter_otlp_endpoint: str | None = None

    @model_validator(mode="after")
    def _a_share_is_for_a_consumer(self) -> Self:
        if self.partitions != WHOLE and Role.CONSUMER not in self.roles:
            has = ", ".join(sorted(self.roles))
            raise ValueError(f"a share of the partitions is for a process that consumes; this one's roles are: {has}")
        return self
