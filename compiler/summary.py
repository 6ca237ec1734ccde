"""What `modelc inspect` shows of an artifact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..diagnostics import Diagnostic, DiagnosticError, suggest
from ..runtime import Artifact, structure_text
from ..runtime.host.program import (
    Branch,
    Entry,
    Program,
    Raise,
    Return,
    Switch,
    Terminator,
    edges_of,
)
from ..runtime.structure import Leaf, Structure, children


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
    types = [program.type_of(entry, value) for value in entry.blocks[0].arguments]
    for name, structure in zip(entry.inputs.keys, entry.inputs.items, strict=True):
        frozen = "" if _holds_tensors(structure) else " (frozen)"
        yield f"  input {name}: {structure_text(structure, types)}{frozen}"
    yield from dict.fromkeys(_exits(program, entry))
    edges = sum(len(edges_of(block.terminator)) for block in entry.blocks)
    forks = sum(isinstance(block.terminator, Branch | Switch) for block in entry.blocks)
    choices = _count(forks, "data-dependent choice")
    yield f"  {_count(len(entry.blocks), 'block')}, {_count(edges, 'edge')}, {choices}"


def _holds_tensors(structure: Structure) -> bool:
    return isinstance(structure, Leaf) or any(map(_holds_tensors, children(structure)))


def _exits(program: Program, entry: Entry) -> Iterator[str]:
    """Yield a line for each way in which a call ends."""
    for block in entry.blocks:
        match block.terminator:
            case Return(outputs=outputs, structure=structure):
                types = [program.type_of(entry, value) for value in outputs]
                yield f"  output {structure_text(structure, types)}"
            case Raise(exception=exception):
                yield f"  raises {exception.rpartition(':')[2]}"
            case _:
                pass


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _size(count: int) -> str:
    unit, factor = ("MiB", 1 << 20) if count >= 1 << 20 else ("KiB", 1 << 10)
    return f"{count} bytes" if count < 1 << 10 else f"{count / factor:.1f} {unit}"


def _subnet_lines(artifact: Artifact, program: Program) -> Iterator[str]:
    sets = Counter(one.callee for one in program.instances if one.constants)
    for name, subnet in artifact.subnets.items():
        size = _size(len(artifact.files[subnet.file]))
        own = f", {_count(sets[name], 'set')} of weights" if sets[name] else ""
        yield f"sub-network @{name} for {subnet.engine}, {size}{own}"
    total = sum(array.nbytes for array in artifact.weights.values())
    yield f"weights: {_count(len(artifact.weights), 'tensor')}, {_size(total)}"
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
