"""Settings to a Pipeline: the one place where stages, adapters and Vault are put together."""

import importlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.base import Adapter, Embed
from adapters.credentials import Secret, Vault, VaultSettings
from adapters.errors import ConfigurationError
from orchestrator.cache import ResultCache
from orchestrator.compile import Compiler
from orchestrator.execute import Executor
from orchestrator.pipeline import Pipeline
from orchestrator.plan import Planner
from orchestrator.plan.budget import Budget
from orchestrator.plan.context import InContext
from orchestrator.plan.filed import InFiles
from orchestrator.plan.grammar import GrammarPlanner
from orchestrator.registry import Drift, Kind, Registry, Source
from orchestrator.retrieve.embedder import Embedder
from orchestrator.retrieve.retrieve import Retriever
from orchestrator.retrieve.shard import Shelf
from orchestrator.semantic import SemanticModel, SourceSpec, near
from orchestrator.staging import StagingPool, StagingSettings
from orchestrator.store import (
    Approvals,
    AuditSettings,
    Catalogs,
    Grants,
    Spending,
    Store,
    VaultSessions,
)

ADAPTERS = {
    "postgres": "adapters.postgres:PostgresAdapter",
    "mongo": "adapters.mongo:MongoAdapter",
    "qdrant": "adapters.qdrant:QdrantAdapter",
    "duckdb": "adapters.duckdb:DuckdbAdapter",
    "sqlite": "adapters.sqlite:SqliteAdapter",
}
_NEED_EMBEDDING = frozenset({"qdrant"})
_ARE_FILES = frozenset({"duckdb", "sqlite"})


async def open_pipeline(
    *,
    model: SemanticModel,
    vault: VaultSettings | None,
    store_url: str,
    audit: AuditSettings | None = None,
    embedding_model: str | None = None,
    index_folder: Path | None = None,
    anthropic_api_key: str | None = None,
    anthropic_model: str = "claude-sonnet-5-5",
    anthropic_base_url: str | None = None,
    budget: Budget | None = None,
    max_parallel_queries: int = 8,
    staging: StagingSettings | None = None,
    cache_seconds: float = 300.0,
    cache_bytes: int = 256 * 1024 * 1024,
    warm: bool = True,
    kinds: Mapping[str, Kind] | None = None,
) -> Pipeline:
    """A pipeline over the model's sources. Raises ConfigurationError.

    What the planning model costs is held within `budget`, which without one has no limits.
    Without `vault`, sources are reached with no credential; without a key, questions are planned
    offline. `warm` loads the embedding model in the background now, else it is loaded when first
    needed and retrieval is by words alone. Rows of a fetch are kept for `cache_seconds` (0: not).
    With `index_folder`, what is indexed is kept there for the next start.
    `audit` says how the store's audit trail is sealed and told; `kinds` are kinds of sources beside
    ADAPTERS.
    """
    embedder = Embedder(embedding_model)
    store = Store(store_url, audit)
    vault_client = _vault(vault, store) if vault is not None else None
    sources = {
        name: _brought(name, spec, kinds[spec.kind], store, vault_client)
        if kinds and spec.kind in kinds
        else Source(name, spec, _adapter(name, spec, embedder, model.folder))
        for name, spec in model.sources.items()
    }
    grammar = InFiles(InContext(GrammarPlanner(model), model), model)
    planner: Planner = grammar
    if anthropic_api_key:
        planner = _claude(
            model,
            Secret(anthropic_api_key, vault_client),
            anthropic_model,
            anthropic_base_url,
            Spending(store.engine, budget or Budget()),
        )
    pool = StagingPool(_keyed(staging or StagingSettings(), model))
    await pool.start()
    await store.open()
    if vault_client is not None:
        vault_client.start()
    kinds_of = {name: spec.kind for name, spec in model.sources.items()}
    registry = Registry(sources, vault_client, Catalogs(store.engine, kinds_of))
    await registry.open()
    retriever = retriever_of(model, embedder, index_folder)
    if warm:
        retriever.start()
    return Pipeline(
        model=model,
        store=store,
        approvals=Approvals(store.engine),
        grants=Grants(store.engine),
        retriever=retriever,
        planner=planner,
        fallback=grammar,
        compiler=Compiler(
            model, {name: source.adapter.capabilities for name, source in sources.items()}
        ),
        sources=sources,
        vault=vault_client,
        registry=registry,
        executor=Executor(
            sources,
            vault_client,
            ResultCache(cache_seconds, cache_bytes),
            policies=model.policies,
            drift=Drift(model, registry),
            max_parallel_queries=max_parallel_queries,
        ),
        staging=pool,
    )


def _vault(settings: VaultSettings, store: Store) -> Vault:
    return Vault(settings, VaultSessions(store.engine, settings.where))


def _keyed(staging: StagingSettings, model: SemanticModel) -> StagingSettings:
    """The settings with the key of the policy's pseudonyms."""
    access = model.policies.access
    key = access.key.get_secret_value() if access and access.key else ""
    return replace(staging, mask_key=key)


def retriever_of(model: SemanticModel, embedder: Embedder, index_folder: Path | None) -> Retriever:
    """A retriever over the model; with a folder, its shards are kept there."""
    shelf = Shelf(index_folder, embedder.identity) if index_folder is not None else None
    return Retriever(model, embedder, shelf)


def adapter_class(kind: str) -> Any:
    """The adapter of a kind that ADAPTERS has."""
    module, _, class_name = ADAPTERS[kind].partition(":")
    return getattr(importlib.import_module(module), class_name)


def _claude(
    model: SemanticModel, key: Secret, name: str, base_url: str | None, spending: Spending
) -> Planner:
    from orchestrator.plan.claude import ClaudePlanner
    from orchestrator.plan.claude_prices import has_price

    if spending.budget.counts_dollars and not has_price(name):
        raise ConfigurationError(
            f"The price of {name} is not known, so a budget in dollars can't be held. "
            "Give the budget in tokens, or choose another model."
        )
    return ClaudePlanner(model, api_key=key, model_name=name, base_url=base_url, purse=spending)


def _adapter(name: str, spec: SourceSpec, embed: Embed, folder: Path) -> Adapter:
    if spec.kind not in ADAPTERS:
        hint = near(spec.kind, list(ADAPTERS))
        raise ConfigurationError(f"Source {name} is of the unknown kind `{spec.kind}`; {hint}")
    extra: dict[str, Any] = {}
    if spec.kind in _NEED_EMBEDDING:
        extra["embed"] = embed
    if spec.kind in _ARE_FILES:
        extra["folder"] = folder
    connect = {key: int(value) if key == "port" else value for key, value in spec.connect.items()}
    try:
        return adapter_class(spec.kind)(name, **connect, **extra)
    except (TypeError, ValueError) as error:
        raise _unfit(name, spec) from error


def _brought(name: str, spec: SourceSpec, kind: Kind, store: Store, vault: Vault | None) -> Source:
    try:
        adapter, credentials = kind(name, store=store, vault=vault, **spec.connect)
    except (TypeError, ValueError) as error:
        raise _unfit(name, spec) from error
    return Source(name, spec, adapter, credentials)


def _unfit(name: str, spec: SourceSpec) -> ConfigurationError:
    return ConfigurationError(
        f"Source {name}: its `connect` does not fit a {spec.kind} source. "
        "See docs/semantic-model.md for the keys of each kind."
    )
