"""What is sent to a stream: markdown or chunks, checked, and the message that they grow into."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sandbox.slack.block_kit import MARKDOWN_CHARACTERS
from sandbox.slack.blocks import checked_blocks, with_ids
from sandbox.slack.checks import Report, anything, array, choice, record, text, typed
from sandbox.slack.method import Arguments, RefusedError

TASK_CHARACTERS = 256
UNFINISHED = ("pending", "in_progress")

SOURCE = typed({"url": record({"url": text(3000), "text": text(TASK_CHARACTERS)})})
CHUNK = typed(
    {
        "markdown_text": record({"text": text(MARKDOWN_CHARACTERS)}),
        "plan_update": record({"title": text(TASK_CHARACTERS)}),
        "task_update": record(
            {
                "id": text(255),
                "title": text(TASK_CHARACTERS),
                "status": choice(*UNFINISHED, "complete", "error"),
            },
            {
                "details": text(TASK_CHARACTERS),
                "output": text(TASK_CHARACTERS),
                "sources": array(SOURCE, 10),
            },
        ),
        "blocks": record({"blocks": array(anything, 50)}),
    }
)


def given_chunks(arguments: Arguments) -> tuple[str, list[dict[str, Any]]]:
    """What a call sends: its mode ("text", "chunks", or "" for nothing), all of it as chunks."""
    markdown: Any = arguments.get("markdown_text")
    chunks: Any = arguments.get("chunks")
    if markdown and chunks:
        raise RefusedError("cannot_provide_both_markdown_text_and_chunks")
    if markdown:
        if len(str(markdown)) > MARKDOWN_CHARACTERS:
            raise RefusedError("msg_too_long")
        return "text", [{"type": "markdown_text", "text": str(markdown)}]
    if not chunks:
        return "", []
    report = Report()
    array(CHUNK, 100)(report, "/chunks", chunks)
    if report.messages:
        raise RefusedError("invalid_chunks", messages=report.messages)
    return "chunks", cast("list[dict[str, Any]]", chunks)


@dataclass
class Content:
    """What a stream has been sent so far, in the order in which it is shown.

    A part is markdown, the id of a task, or blocks. Tasks shown as a plan stand together where
    the first of them came.
    """

    as_plan: bool
    plan_title: str = ""
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    parts: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])

    def with_chunks(self, chunks: Sequence[dict[str, Any]]) -> "Content":
        """The content after these chunks, if Slack would take them."""
        grown = Content(self.as_plan, self.plan_title, dict(self.tasks), list(self.parts))
        for chunk in chunks:
            grown.add(chunk)
        if len(grown.text) > MARKDOWN_CHARACTERS:
            raise RefusedError("msg_too_long")
        sent = [block for kind, blocks in grown.parts if kind == "blocks" for block in blocks]
        checked_blocks(sent)
        return grown

    def add(self, chunk: dict[str, Any]) -> None:
        kind = chunk["type"]
        if kind == "markdown_text" and self.parts and self.parts[-1][0] == "markdown":
            self.parts[-1] = ("markdown", self.parts[-1][1] + chunk["text"])
        elif kind == "markdown_text":
            self.parts.append(("markdown", chunk["text"]))
        elif kind == "plan_update":
            self.plan_title = chunk["title"]
        elif kind == "blocks":
            self.parts.append(("blocks", chunk["blocks"]))
        else:
            self.add_task(chunk)

    def add_task(self, chunk: dict[str, Any]) -> None:
        """A task's title and status are replaced; to its details and output more is added."""
        task_id, before = chunk["id"], self.tasks.get(chunk["id"], {})
        if not before:
            self.parts.append(("task", task_id))
        fields = {k: v for k, v in chunk.items() if k not in {"type", "id"}}
        for name in ("details", "output"):
            if name in before and name in fields:
                fields[name] = before[name] + fields[name]
        self.tasks[task_id] = {**before, **fields}

    def fail_unfinished(self) -> None:
        """The tasks that nobody will finish any more."""
        for task in self.tasks.values():
            if task["status"] in UNFINISHED:
                task["status"] = "error"

    @property
    def text(self) -> str:
        """All markdown so far."""
        return "".join(value for kind, value in self.parts if kind == "markdown")

    def message(self, last: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        """Text and blocks of the message, with what it ends on."""
        blocks: list[dict[str, Any]] = []
        for kind, value in self.parts:
            if kind == "markdown":
                blocks.append({"type": "markdown", "text": value})
            elif kind == "blocks":
                blocks.extend(value)
            elif not self.as_plan:
                blocks.append({"type": "task_card", **card(value, self.tasks[value])})
            elif value == next(iter(self.tasks)):
                blocks.append(self.plan())
        return {"text": self.text, "blocks": with_ids([*blocks, *last])}

    def plan(self) -> dict[str, Any]:
        title = self.plan_title or list(self.tasks.values())[-1]["title"]
        tasks = [card(task_id, task) for task_id, task in self.tasks.items()]
        return {"type": "plan", "title": title, "tasks": tasks}


def card(task_id: str, task: dict[str, Any]) -> dict[str, Any]:
    """A task as its block shows it: details and output become rich text."""
    shown: dict[str, Any] = {"task_id": task_id, **task}
    for name in ("details", "output"):
        if name in shown:
            leaf = {"type": "text", "text": shown[name]}
            section = {"type": "rich_text_section", "elements": [leaf]}
            shown[name] = {"type": "rich_text", "elements": [section]}
    return shown
