"""Show measurements as a Markdown table, a JSON file and a plot."""

import json
import platform
import statistics
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from interleave import Spread
from matplotlib.figure import Figure


@dataclass
class Peer:
    """One way to run a sample; `failure` says why there are no times.

    `speedup` is over eager, `modelc_speedup` that of modelc over this peer.
    """

    prepare_seconds: float = 0.0
    milliseconds: Spread | None = None
    speedup: Spread | None = None
    modelc_speedup: Spread | None = None
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


def markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in [head, *rows]]
    return "\n".join([lines[0], "|---" + "|---:" * (len(head) - 1) + "|", *lines[1:]])


def table(results: list[Result]) -> str:
    """Return the speed-ups over eager as Markdown, with their geometric means in the last line."""
    others = [name for name in results[0].peers if name != "eager"]
    rows: list[list[str]] = []
    for result in results:
        eager = result.peers["eager"].milliseconds
        assert eager
        cells = [cell(result.peers[name]) for name in others]
        rows.append([result.sample, f"{eager.median:.1f}", *cells])
    if len(results) > 1:
        means = [geometric_mean([result.peers[name] for result in results]) for name in others]
        rows.append(["geometric mean", "", *means])
    return markdown(["sample", "eager, ms", *others], rows)


def geometric_mean(peers: list[Peer]) -> str:
    """Return the mean of the speed-ups over eager; a peer that fails somewhere has none."""
    speedups = [peer.speedup.median for peer in peers if peer.speedup]
    return f"{statistics.geometric_mean(speedups):.2f}x" if len(speedups) == len(peers) else ""


def comparison_table(results: list[Result]) -> str:
    """Return the speed-ups of modelc over the fastest other peer, and over the split by hand."""
    rows: list[list[str]] = []
    for result in results:
        best = fastest(result)
        split = result.peers.get("hand split", Peer())
        rows.append([result.sample, best, against(result.peers[best]), against(split)])
    return markdown(["sample", "fastest peer", "modelc over it", "modelc over hand split"], rows)


def fastest(result: Result) -> str:
    """Return the name of the fastest peer that is right; eager and the split by hand count."""
    others = {
        name: peer.speedup.median
        for name, peer in result.peers.items()
        if peer.speedup and name != "modelc"
    }
    return max(others, key=lambda name: others[name])


def against(peer: Peer) -> str:
    """Return the speed-up of modelc over `peer`."""
    spread = peer.modelc_speedup
    return f"{spread.median:.2f}x ({spread.p10:.2f}-{spread.p90:.2f})" if spread else ""


def preparation_table(results: list[Result]) -> str:
    """Return the seconds until each peer had compiled and run on all inputs."""
    others = [name for name in results[0].peers if name != "eager"]
    rows = [
        [
            result.sample,
            *(
                f"{peer.prepare_seconds:.1f}"
                for name, peer in result.peers.items()
                if name in others
            ),
        ]
        for result in results
    ]
    return markdown(["seconds to prepare", *others], rows)


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
    names = [name for name in results[0].peers if name != "eager"]
    colors = {name: f"C{number}" for number, name in enumerate(names)}
    others = [name for name in names if any(result.peers[name].speedup for result in results)]
    figure: Any = Figure(figsize=(1.2 * len(results) + 2, 4), layout="constrained")
    axes: Any = figure.subplots()
    width = 0.8 / len(others)
    for offset, name in enumerate(others):
        bars = draw_bars(axes, [result.peers[name].speedup for result in results], offset, width)
        bars.set_label(name)
        for bar in bars:
            bar.set_color(colors[name])
    axes.axhline(1.0, color="black", linewidth=0.8)
    ticks = [position + 0.4 - width / 2 for position in range(len(results))]
    axes.set_xticks(ticks, [result.sample.replace("_", "\n") for result in results])
    axes.set_ylabel("speed-up over eager")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    figure.savefig(path, dpi=150)


def draw_bars(axes: Any, speedups: list[Spread | None], offset: int, width: float) -> Any:
    """Draw the bars of one peer, and return them."""
    measured = [(position, spread) for position, spread in enumerate(speedups) if spread]
    below = [spread.median - spread.p10 for _, spread in measured]
    above = [spread.p90 - spread.median for _, spread in measured]
    return axes.bar(
        [position + offset * width for position, _ in measured],
        [spread.median for _, spread in measured],
        width,
        yerr=[below, above],
    )
