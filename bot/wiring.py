"""Settings and a semantic model to a pipeline, or to its retrieval alone, that is closed again."""

import contextlib
from collections.abc import AsyncGenerator

from bot.settings import Settings
from orchestrator.pipeline import Pipeline
from orchestrator.question import Question
from orchestrator.retrieve import Candidates
from orchestrator.semantic import SemanticModel


@contextlib.asynccontextmanager
async def opened_pipeline(
    settings: Settings, model: SemanticModel, *, warm: bool = True
) -> AsyncGenerator[Pipeline]:
    """The pipeline of these settings; `warm` loads the embedding model behind the scenes."""
    from bot.slack.history import history_kind
    from orchestrator.wire import open_pipeline

    pipeline = await open_pipeline(
        model=model,
        vault=settings.vault(),
        store_url=settings.store_url,
        embedding_model=settings.embedding_model,
        index_folder=settings.index_folder,
        anthropic_api_key=settings.anthropic_key(),
        anthropic_model=settings.anthropic_model,
        budget=settings.budget(),
        staging=settings.staging(),
        cache_seconds=settings.cache_seconds,
        cache_bytes=settings.cache_bytes,
        warm=warm,
        kinds={"slack": history_kind(settings)},
    )
    try:
        yield pipeline
    finally:
        await pipeline.close()


async def routed(
    settings: Settings, model: SemanticModel, question: Question
) -> tuple[Candidates, str | None]:
    """The candidates of a question, and why they are by words alone when they are; no source is
    reached and no store is opened."""
    from orchestrator.retrieve.embedder import Embedder
    from orchestrator.wire import retriever_of

    retriever = retriever_of(model, Embedder(settings.embedding_model), settings.index_folder)
    retriever.start()
    await retriever.settled()
    try:
        return await retriever.retrieve(question), retriever.reason
    finally:
        await retriever.close()
