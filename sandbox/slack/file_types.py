"""What Slack calls the types of files: by the ending of their names, and for snippets."""

from pathlib import PurePath

KINDS = {
    "binary": ("Binary", "application/octet-stream"),
    "csv": ("CSV", "text/csv"),
    "docx": (
        "Word Document",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "gif": ("GIF", "image/gif"),
    "html": ("HTML", "text/html"),
    "jpg": ("JPEG", "image/jpeg"),
    "json": ("JSON", "application/json"),
    "markdown": ("Markdown (raw)", "text/markdown"),
    "pdf": ("PDF", "application/pdf"),
    "png": ("PNG", "image/png"),
    "python": ("Python", "text/x-python"),
    "sql": ("SQL", "application/sql"),
    "svg": ("SVG", "image/svg+xml"),
    "text": ("Plain Text", "text/plain"),
    "tsv": ("TSV", "text/tab-separated-values"),
    "xlsx": (
        "Excel Spreadsheet",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "xml": ("XML", "application/xml"),
    "yaml": ("YAML", "application/yaml"),
    "zip": ("Zip", "application/zip"),
}
ALIASES = {
    "htm": "html",
    "jpeg": "jpg",
    "log": "text",
    "md": "markdown",
    "py": "python",
    "txt": "text",
    "yml": "yaml",
}
SNIPPETS = frozenset(
    {"csv", "html", "json", "markdown", "python", "sql", "text", "tsv", "xml", "yaml"}
)


def filetype_of(name: str) -> str:
    """Slack's name for the type of a file with this name; `binary` when it knows none."""
    ending = PurePath(name).suffix.lower().removeprefix(".")
    kind = ALIASES.get(ending, ending)
    return kind if kind in KINDS else "binary"
