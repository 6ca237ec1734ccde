"""Show measurements as a Markdown table, a JSON file and a plot."""

import json
import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from interleave import Spread
from matplotlib.figure import Figure


@dataclass
class Peer:
    """One way to run a sample; `failure` says why there are no times."""

    prepare_seconds: float = 0.0
    milliseconds: Spread | None = None
    speedup: Spread | None = None
    failure: str | None = None


@dataclass
class Result:
    """One sample, measured with each peer."""

    sample: str
    peers: dict[str, Peer] = field(default_factory=dict[str, Peer])


def cell(peer: Peer) -> str:
    """Return `2.05x (1.90-2.31)`, or why there is no number."""
    if peer.speedup is None:
        return (peer.failure or "not measured").split(":")[0]
    return f"{peer.speedup.median:.2f}x ({peer.speedup.p10:.2f}-{peer.speedup.p90:.2f})"


def table(results: list[Result]) -> str:
    """Return the speed-ups over eager as Markdown."""
    others = [name for name in results[0].peers if name != "eager"]
    lines = [
        "| " + " | ".join(["sample", "eager, ms", *others]) + " |",
        "|---|---:" + "|---:" * len(others) + "|",
    ]
    for result in results:
        eager = result.peers["eager"].milliseconds
        assert eager
        cells = [result.sample, f"{eager.median:.1f}", *(cell(result.peers[o]) for o in others)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def processor() -> str:
    """Return the name of the processor, as far as the system tells it."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def environment() -> dict[str, str]:
    packages = ("torch", "onnxruntime", "modelc")
    versions = {name: version(name) for name in packages}
    return {"processor": processor(), "python": platform.python_version(), **versions}


def write_json(path: Path, results: list[Result], settings: dict[str, Any]) -> None:
    content = {
        "environment": environment(),
        "settings": settings,
        "results": [asdict(result) for result in results],
    }
    path.write_text(json.dumps(content, indent=2) + "\n")


def write_plot(path: Path, results: list[Result]) -> None:
    """Draw one bar per sample and peer, with a whisker from the 10th to the 90th percentile."""
    others = [name for name in results[0].peers if name != "eager"]
    figure: Any = Figure(figsize=(1.2 * len(results) + 2, 4), layout="constrained")
    axes: Any = figure.subplots()
    width = 0.8 / len(others)
    for offset, name in enumerate(others):
        draw_bars(axes, [result.peers[name].speedup for result in results], offset, width, name)
    axes.axhline(1.0, color="black", linewidth=0.8)
    ticks = [position + 0.4 - width / 2 for position in range(len(results))]
    axes.set_xticks(ticks, [result.sample.replace("_", "\n") for result in results])
    axes.set_ylabel("speed-up over eager")
    axes.legend()
    figure.savefig(path, dpi=150)


def draw_bars(
    axes: Any, speedups: list[Spread | None], offset: int, width: float, name: str
) -> None:
    measured = [(position, spread) for position, spread in enumerate(speedups) if spread]
    below = [spread.median - spread.p10 for _, spread in measured]
    above = [spread.p90 - spread.median for _, spread in measured]
    axes.bar(
        [position + offset * width for position, _ in measured],
        [spread.median for _, spread in measured],
        width,
        yerr=[below, above],
        label=name,
    )
