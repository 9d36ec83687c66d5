"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[Path | None, typer.Option("--model", help="The semantic model's file.")]
