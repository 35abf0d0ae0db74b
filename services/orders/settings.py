"""What orders alone reads from its environment."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, TypeAdapter
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS = TypeAdapter(dict[str, tuple[str, ...]])


class OrdersSettings(BaseSettings):
    """Environment variables of the same names, upper case; both may be given."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    payment_webhook_secrets: dict[str, tuple[str, ...]] = Field(
        default={},
        description='{"bank": ["whsec_…"]}: the secrets we share with each provider, old and new ones at once',
    )
    payment_webhook_secrets_file: Path | None = Field(default=None, description="The same from a file, as JSON")

    def providers(self) -> Mapping[str, tuple[str, ...]]:
        """The secrets by provider."""
        file = self.payment_webhook_secrets_file
        return self.payment_webhook_secrets | (SECRETS.validate_json(file.read_bytes()) if file else {})
