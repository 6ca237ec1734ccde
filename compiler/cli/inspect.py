"""`modelc inspect`: what is in an artifact."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ...runtime import Artifact
from ..summary import cfg_as_mermaid, stage_text, summarise
from .console import reporting_errors


def inspect_command(
    artifact: Annotated[Path, typer.Argument(metavar="NAME.modelc", help="What to look into.")],
    ir: Annotated[str | None, typer.Option(help="Print the IR of a stage.")] = None,
    host: Annotated[bool, typer.Option(help="Print the host module.")] = False,
    mermaid: Annotated[bool, typer.Option(help="Print the host CFG as a Mermaid graph.")] = False,
) -> None:
    """Show signature, sub-networks, engines, weights and control flow of an artifact."""
    with reporting_errors():
        loaded = Artifact.load(artifact)
        if ir is not None:
            sys.stdout.write(stage_text(loaded, ir))
        elif host:
            sys.stdout.write(loaded.files["host.py"].decode())
        elif mermaid:
            print(cfg_as_mermaid(loaded))
        else:
            print(summarise(loaded))
