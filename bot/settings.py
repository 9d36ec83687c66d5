"""The environment to Settings: the one place where it is read. Secrets never show in a repr."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from adapters.credentials import IN_VAULT, KUBERNETES_TOKEN, VaultSettings
from adapters.errors import ConfigurationError
from orchestrator.plan.budget import Budget, Limit
from orchestrator.staging import StagingSettings
from orchestrator.store import AuditSettings


def _named(variable: str) -> AliasChoices:
    return AliasChoices(variable)


@dataclass(frozen=True, slots=True)
class OAuth:
    """The app as Slack knows it, and the ids of workspaces or organisations that may install it."""

    client_id: str
    client_secret: str = field(repr=False)
    allowed: frozenset[str]


class Settings(BaseSettings):
    """Everything that differs between two installations; docs/configuration.md lists it."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, frozen=True)

    slack_bot_token: SecretStr | None = Field(None, validation_alias=_named("SLACK_BOT_TOKEN"))
    slack_app_token: SecretStr | None = Field(None, validation_alias=_named("SLACK_APP_TOKEN"))
    slack_signing_secret: SecretStr | None = Field(
        None, validation_alias=_named("SLACK_SIGNING_SECRET")
    )
    slack_client_id: str | None = Field(None, validation_alias=_named("SLACK_CLIENT_ID"))
    slack_client_secret: SecretStr | None = Field(
        None, validation_alias=_named("SLACK_CLIENT_SECRET")
    )
    slack_workspaces: str = Field("", validation_alias=_named("CROSSTALK_WORKSPACES"))
    slack_api_url: str = Field(
        "https://slack.com/api/", validation_alias=_named("SLACK_API_URL"), pattern="^https?://"
    )

    slack_tier: Literal["internal", "distributed"] = Field(
        "internal", validation_alias=_named("CROSSTALK_SLACK_TIER")
    )
    slack_speed: float = Field(1.0, gt=0, validation_alias=_named("CROSSTALK_SLACK_SPEED"))

    feedback_channel: str | None = Field(
        None, validation_alias=_named("CROSSTALK_FEEDBACK_CHANNEL")
    )

    vault_addr: str | None = Field(None, validation_alias=_named("VAULT_ADDR"))
    vault_role_id: str = Field("", validation_alias=_named("VAULT_ROLE_ID"))
    vault_secret_id: SecretStr = Field(SecretStr(""), validation_alias=_named("VAULT_SECRET_ID"))
    vault_token: SecretStr = Field(SecretStr(""), validation_alias=_named("VAULT_TOKEN"))
    vault_approle_mount: str = Field("approle", validation_alias=_named("VAULT_APPROLE_MOUNT"))
    vault_k8s_role: str = Field("", validation_alias=_named("VAULT_K8S_ROLE"))
    vault_k8s_token_file: Path = Field(
        KUBERNETES_TOKEN, validation_alias=_named("VAULT_K8S_TOKEN_FILE")
    )
    vault_k8s_mount: str = Field("kubernetes", validation_alias=_named("VAULT_K8S_MOUNT"))
    vault_kv_mount: str = Field("secret", validation_alias=_named("VAULT_KV_MOUNT"))
    vault_namespace: str = Field("", validation_alias=_named("VAULT_NAMESPACE"))
    vault_ca_file: Path | None = Field(None, validation_alias=_named("VAULT_CACERT"))

    anthropic_api_key: SecretStr | None = Field(None, validation_alias=_named("ANTHROPIC_API_KEY"))
    anthropic_model: str = Field(
        "claude-sonnet-5-5", validation_alias=_named("CROSSTALK_ANTHROPIC_MODEL")
    )

    question_tokens: int | None = Field(
        None, ge=1, validation_alias=_named("CROSSTALK_QUESTION_TOKENS")
    )
    question_usd: float | None = Field(
        None, gt=0, validation_alias=_named("CROSSTALK_QUESTION_USD")
    )
    person_tokens: int | None = Field(
        None, ge=1, validation_alias=_named("CROSSTALK_PERSON_TOKENS")
    )
    person_usd: float | None = Field(None, gt=0, validation_alias=_named("CROSSTALK_PERSON_USD"))
    day_tokens: int | None = Field(None, ge=1, validation_alias=_named("CROSSTALK_DAY_TOKENS"))
    day_usd: float | None = Field(None, gt=0, validation_alias=_named("CROSSTALK_DAY_USD"))

    semantic_model: Path = Field(
        Path("semantic_model.yaml"), validation_alias=_named("CROSSTALK_MODEL")
    )
    store_url: str = Field(
        "sqlite+aiosqlite:///crosstalk.db", validation_alias=_named("CROSSTALK_STORE_URL")
    )
    audit_log: Path | None = Field(None, validation_alias=_named("CROSSTALK_AUDIT_LOG"))
    audit_key: SecretStr = Field(SecretStr(""), validation_alias=_named("CROSSTALK_AUDIT_KEY"))
    lease_seconds: float = Field(30.0, ge=1, validation_alias=_named("CROSSTALK_LEASE_SECONDS"))
    embedding_model: str | None = Field(None, validation_alias=_named("CROSSTALK_EMBEDDING_MODEL"))
    index_folder: Path = Field(
        Path("crosstalk-index"), validation_alias=_named("CROSSTALK_INDEX_FOLDER")
    )
    join_memory: str = Field("1GB", validation_alias=_named("CROSSTALK_JOIN_MEMORY"))
    spill_folder: Path | None = Field(None, validation_alias=_named("CROSSTALK_SPILL_FOLDER"))
    cache_seconds: float = Field(300.0, ge=0, validation_alias=_named("CROSSTALK_CACHE_SECONDS"))
    cache_bytes: int = Field(
        256 * 1024 * 1024, ge=0, validation_alias=_named("CROSSTALK_CACHE_BYTES")
    )
    catalog_seconds: float = Field(
        3600.0, ge=1, validation_alias=_named("CROSSTALK_CATALOG_SECONDS")
    )
    file_mb: float = Field(10.0, gt=0, le=100, validation_alias=_named("CROSSTALK_FILE_MB"))
    http_host: str = Field("127.0.0.1", validation_alias=_named("CROSSTALK_HTTP_HOST"))
    http_port: int = Field(8080, ge=0, le=65535, validation_alias=_named("CROSSTALK_HTTP_PORT"))
    log_format: Literal["console", "json"] = Field(
        "console", validation_alias=_named("CROSSTALK_LOG_FORMAT")
    )

    def vault(self) -> VaultSettings | None:
        """Where Vault is, or None without VAULT_ADDR. Raises ConfigurationError without a login."""
        if self.vault_addr is None:
            return None
        token, secret_id = self.vault_token, self.vault_secret_id
        has_app_role = self.vault_role_id and secret_id.get_secret_value()
        if not (token.get_secret_value() or self.vault_k8s_role or has_app_role):
            raise ConfigurationError(
                "VAULT_ADDR is set, but there is nothing to log in to Vault with. Set "
                "VAULT_ROLE_ID and VAULT_SECRET_ID (an AppRole), VAULT_K8S_ROLE, or VAULT_TOKEN."
            )
        if self.vault_ca_file is not None and not self.vault_ca_file.is_file():
            raise ConfigurationError(
                f"VAULT_CACERT names {self.vault_ca_file}, which is no file. Give the path of the "
                "certificates (PEM) that Vault's is checked by."
            )
        return VaultSettings(
            address=self.vault_addr,
            role_id=self.vault_role_id,
            secret_id=secret_id.get_secret_value(),
            token=token.get_secret_value(),
            kubernetes_role=self.vault_k8s_role,
            kubernetes_token=self.vault_k8s_token_file,
            kubernetes_mount=self.vault_k8s_mount,
            approle_mount=self.vault_approle_mount,
            kv_mount=self.vault_kv_mount,
            namespace=self.vault_namespace,
            ca_file=self.vault_ca_file,
        )

    def audit(self) -> AuditSettings:
        """How the audit trail is sealed, and where its records go besides."""
        return AuditSettings(tuple(self.audit_key.get_secret_value().split()), self.audit_log)

    def budget(self) -> Budget:
        """What the planning model may cost."""
        return Budget(
            question=Limit(self.question_tokens, self.question_usd),
            person=Limit(self.person_tokens, self.person_usd),
            day=Limit(self.day_tokens, self.day_usd),
        )

    def staging(self) -> StagingSettings:
        """What one run's join may take."""
        return StagingSettings(self.join_memory, self.spill_folder)

    def bot_token(self) -> str:
        """The token that the bot calls Slack with, or its place in Vault. Raises ConfigurationError
        without a good one."""
        return _token(self.slack_bot_token, "SLACK_BOT_TOKEN", "xoxb-", "OAuth & Permissions")

    def app_token(self) -> str | None:
        """The token of Socket Mode or its place in Vault, or None when it is not used."""
        if self.slack_app_token is None:
            return None
        return _token(self.slack_app_token, "SLACK_APP_TOKEN", "xapp-", "Basic Information")

    def signing_secret(self) -> str | None:
        """The secret that signs Slack's HTTP requests or its place in Vault, or None when they are
        not taken."""
        secret = self.slack_signing_secret
        return secret.get_secret_value() if secret is not None else None

    def oauth(self) -> OAuth | None:
        """How several workspaces install the app, or None for the one of the bot token.

        Raises ConfigurationError when a part of it is missing.
        """
        client_id, secret = self.slack_client_id, self.slack_client_secret
        if client_id is None and secret is None:
            return None
        if client_id is None or secret is None:
            raise ConfigurationError(
                "Of SLACK_CLIENT_ID and SLACK_CLIENT_SECRET one is not set. Set both, from the "
                "page “Basic Information”, for several workspaces; or none, for one."
            )
        allowed = frozenset(self.slack_workspaces.replace(",", " ").split())
        if not allowed:
            raise ConfigurationError(
                "CROSSTALK_WORKSPACES is not set, so no workspace may install the app. Set it to "
                "the ids of workspaces (T…) or organisations (E…) whose people may ask, with "
                "commas between them."
            )
        return OAuth(client_id, secret.get_secret_value(), allowed)

    def check_reachable(self) -> None:
        """Raises ConfigurationError unless Slack has a way to reach the bot, and the bot Slack."""
        if self.oauth() is None:
            self.bot_token()
        if self.app_token() is None and self.signing_secret() is None:
            raise ConfigurationError(
                "Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET is set, so Slack has no way to "
                "reach the bot. Set the first for Socket Mode, the second for HTTP."
            )

    def anthropic_key(self) -> str | None:
        """The key of the planning model or its place in Vault, or None for the offline planner."""
        key = self.anthropic_api_key
        return key.get_secret_value() if key is not None else None


def _token(secret: SecretStr | None, variable: str, prefix: str, page: str) -> str:
    if secret is None:
        raise ConfigurationError(
            f"{variable} is not set. Set it to the token that starts with {prefix}, "
            f"from the page “{page}” of your app at api.slack.com/apps."
        )
    if not secret.get_secret_value().startswith((prefix, IN_VAULT)):
        raise ConfigurationError(
            f"{variable} does not start with {prefix}, so it is another kind of token. "
            f"Take the one on the page “{page}” of your app at api.slack.com/apps."
        )
    return secret.get_secret_value()


def settings() -> Settings:
    """The settings of this process. Raises ConfigurationError that names each wrong variable."""
    try:
        return Settings()  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        lines = [f"{e['loc'][0]} is not usable: {e['msg']}." for e in error.errors()]
        raise ConfigurationError("\n".join([*lines, "Correct the environment."])) from None
