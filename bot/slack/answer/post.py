"""An answer into its thread: the message, then what does not fit it as files."""

import asyncio

import structlog
from slack_sdk.errors import SlackApiError

from bot.chart_picture import described, png
from bot.slack.answer.chart import native
from bot.slack.answer.files import TableFile, csv_file, xlsx_file
from bot.slack.answer.kept import KeptTables
from bot.slack.answer.message import answer_message, needs_file
from bot.slack.answer.stream import Reader, streamed
from bot.slack.pace import reason
from bot.slack.render import Block, plain_message
from bot.slack.thread import ASIDE, SLACK_FAILURES, Thread
from orchestrator.answer import Answer, Chart

log = structlog.get_logger(__name__)

MIN_ROWS_TO_DOWNLOAD = 2
NOT_KEPT = "The rows of this answer are no longer kept. Ask again, and download them then."


async def post_answer(
    thread: Thread,
    answer: Answer,
    reader: Reader | None,
    kept: KeptTables,
    allowance: Block | None = None,
) -> None:
    """Post an answer: once in full, whatever Slack refuses, and streamed where there is a reader.
    `allowance` says by whose decision it was read.

    A file or picture that can't be uploaded costs no more than a sentence. The table is kept for a
    download where it has rows enough to want one.
    """
    file = None
    if needs_file(answer):
        file = await asyncio.to_thread(csv_file, answer.exact, file_name(answer.run_id))
    wants_download = not answer.failed and answer.table.num_rows >= MIN_ROWS_TO_DOWNLOAD
    can_download = wants_download and kept.keep(answer.run_id, thread.place, answer.exact)
    message = answer_message(answer, file, can_download=can_download, allowance=allowance)
    if reader is None:
        await thread.post(message.message())
    else:
        await streamed(thread, message, reader)
    if file is not None:
        await upload_file(thread, file)
    if answer.chart is not None and native(answer.chart) is None:
        await _pictured(thread, answer.chart, answer.run_id)


async def upload_file(thread: Thread, file: TableFile) -> None:
    """Put a table's file into a thread, or say there why it is not."""
    try:
        await thread.upload(file.name, file.content)
    except SLACK_FAILURES as error:
        await thread.post(plain_message(_refusal(file, error)), ASIDE)


async def post_workbook(thread: Thread, kept: KeptTables, run_id: str, user: str) -> None:
    """Put the table of a run into its thread as XLSX, or tell whoever wants it why not."""
    table = kept.find(run_id, thread.place)
    if table is None:
        await thread.whisper(user, NOT_KEPT)
        return
    file = await asyncio.to_thread(xlsx_file, table, file_name(run_id))
    try:
        await thread.upload(file.name, file.content)
    except SLACK_FAILURES as error:
        await thread.whisper(user, _refusal(file, error))
        return
    if file.rows < file.total_rows:
        await thread.whisper(user, file.words)


def file_name(run_id: str) -> str:
    """What the files of a run are called, without their ending."""
    return f"answer-{run_id[:8]}"


def _refusal(file: TableFile, error: Exception) -> str:
    why = reason(error) if isinstance(error, SlackApiError) else "no reply"
    log.warning("file_not_uploaded", reason=why)
    return (
        f"Slack did not take {file.name} ({why}), so the rows above are all there are. Ask for "
        "fewer rows, or ask your administrator whether the app has the scope files:write."
    )


async def _pictured(thread: Thread, chart: Chart, run_id: str) -> None:
    """A picture of the chart. The table holds all of it, so without one nothing is said."""
    picture = await asyncio.to_thread(png, chart)
    try:
        await thread.upload(f"{file_name(run_id)}.png", picture, described(chart))
    except SLACK_FAILURES as error:
        log.warning("picture_not_uploaded", reason=type(error).__name__)
