"""`deployment.toml`: where the doors of a deployment are that this machine's `xiaofu up` does not run."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from deploy.local.catalogue import SERVICES
from deploy.local.credentials import write_private
from deploy.local.problem import Problem

FILE = "deployment.toml"

NOTE = """\
# Where this deployment is reached: `xiaofu events --data-dir {folder}`, and so for audit, dead-letters, replay, status,
# backup and restore. It is made once; change it where an address changes. It holds passwords.
"""


def _of(*schemes: str) -> AfterValidator:
    def check(address: str) -> str:
        parts = urlsplit(address)
        if parts.scheme not in schemes or not parts.hostname:
            raise ValueError(f"must be an address such as {schemes[0]}://host:port")
        return address.rstrip("/")

    return AfterValidator(check)


Http = Annotated[str, _of("http", "https")]


class Addresses(BaseModel):
    """The address of each service; of NATS as a user who may read every stream, and of PostgreSQL as its superuser."""

    model_config = ConfigDict(extra="forbid")

    services: Annotated[dict[str, Http], Field(min_length=1)]
    nats: Annotated[str, _of("nats", "tls")] | None = None
    postgresql: Annotated[str, _of("postgresql", "postgres")] | None = None


def addresses_in(folder: Path) -> Addresses | None:
    """What the folder says of a deployment; None where it says nothing. Raises `Problem` for what cannot be read."""
    file = folder / FILE
    try:
        found = Addresses.model_validate(tomllib.loads(file.read_text()))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Problem(f"{file} is no TOML: {error}.") from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise Problem(f"{file}: {wrong}.") from error
    if strange := sorted(found.services.keys() - SERVICES.keys()):
        raise Problem(f"{file}: there is no service {', '.join(strange)}. Services: {', '.join(SERVICES)}.")
    return found


def write_addresses(folder: Path, nats: str, postgresql: str, ports: Mapping[str, int]) -> None:
    """Of services that listen on these ports of this machine; what an operator has written there already is kept."""
    if (folder / FILE).exists():
        return
    lines = [f'nats = "{nats}"', f'postgresql = "{postgresql}"', "", "[services]"]
    lines += [f'{name} = "http://127.0.0.1:{port}"' for name, port in ports.items()]
    write_private(folder / FILE, (NOTE.format(folder=folder) + "\n".join(lines) + "\n").encode())
