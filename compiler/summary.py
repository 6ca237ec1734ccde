"""What `modelc inspect` shows of an artifact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..diagnostics import Diagnostic, DiagnosticError, suggest
from ..runtime import Artifact
from ..runtime.host.program import (
    Branch,
    Entry,
    Program,
    Switch,
    Terminator,
    edges_of,
)

MEBIBYTE = 1 << 20


def stages(artifact: Artifact) -> dict[str, str]:
    """Return the text of each IR stage that the artifact carries, in order of compilation."""
    names = sorted(name for name in artifact.files if name.startswith("ir/"))
    return {
        name.removeprefix("ir/").removesuffix(".mc").partition("-")[2]: artifact.files[
            name
        ].decode()
        for name in names
    }


def stage_text(artifact: Artifact, stage: str) -> str:
    """Return the IR of one stage; MC0006 if the artifact has none of that name."""
    texts = stages(artifact)
    if stage not in texts:
        message = f"the artifact has no IR stage {stage!r}"
        raise DiagnosticError(Diagnostic("MC0006", message, help=suggest(stage, list(texts))))
    return texts[stage]


def summarise(artifact: Artifact) -> str:
    """Return signature, control flow, sub-networks and sizes, a line each."""
    program = artifact.program
    lines = [f"program {program.name}", f"stages: {', '.join(stages(artifact))}"]
    for entry in program.entries:
        lines += _entry_lines(program, entry)
    lines += _subnet_lines(artifact, program)
    return "\n".join(lines)


def _entry_lines(program: Program, entry: Entry) -> Iterator[str]:
    yield f"entry @{entry.symbol}"
    first = entry.blocks[0]
    for value in first.arguments:
        yield f"  input {entry.values[value].name}: {program.type_of(entry, value)}"
    edges = sum(len(edges_of(block.terminator)) for block in entry.blocks)
    forks = sum(isinstance(block.terminator, Branch | Switch) for block in entry.blocks)
    choices = "choice" if forks == 1 else "choices"
    yield f"  {len(entry.blocks)} blocks, {edges} edges, {forks} data-dependent {choices}"


def _subnet_lines(artifact: Artifact, program: Program) -> Iterator[str]:
    used = Counter(instance.callee for instance in program.instances)
    for name, subnet in artifact.subnets.items():
        size = len(artifact.files[subnet.file])
        sets = f"{used[name]} set(s) of weights"
        yield f"sub-network @{name} for {subnet.engine}, {size} bytes, {sets}"
    total = sum(array.nbytes for array in artifact.weights.values())
    yield f"weights: {len(artifact.weights)}, {total / MEBIBYTE:.1f} MiB"
    if program.cells:
        yield "state: " + ", ".join(cell.path for cell in program.cells if cell.path)


def cfg_as_mermaid(artifact: Artifact) -> str:
    """Return the control flow of every entry as a Mermaid flow chart."""
    program = artifact.program
    lines = ["flowchart TD"]
    for entry in program.entries:
        for number, block in enumerate(entry.blocks):
            node = f"{entry.symbol}_{number}"
            lines.append(f'  {node}["{block.name or node}: {_contents(program, entry, number)}"]')
            for label, edge in zip(
                _labels(block.terminator), edges_of(block.terminator), strict=True
            ):
                lines.append(f"  {node} -->{label} {entry.symbol}_{edge.block}")
    return "\n".join(lines)


def _contents(program: Program, entry: Entry, number: int) -> str:
    block = entry.blocks[number]
    place = block.terminator.location
    line = "" if place is None else f" at line {program.locations[place].line}"
    return f"{len(block.instructions)} ops, {block.terminator.KIND}{line}"


def _labels(terminator: Terminator) -> list[str]:
    if isinstance(terminator, Branch):
        return ["|yes|", "|no|"]
    count = len(edges_of(terminator))
    return [f"|{number}|" if isinstance(terminator, Switch) else "" for number in range(count)]
