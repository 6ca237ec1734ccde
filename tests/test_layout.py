"""The tree keeps its shape: links, import direction, names, sizes, light imports."""

import ast
import json
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT: dict[str, set[str]] = {
    "diagnostics": set(),
    "ir": {"diagnostics"},
    "passes": {"diagnostics", "ir"},
    "runtime": {"diagnostics"},
    "backends": {"diagnostics", "ir", "passes", "runtime"},
    "compiler": {"diagnostics", "ir", "passes", "runtime", "backends"},
}
HEAVY = {"torch", "lark", "sympy", "onnx", "onnxscript", "onnxruntime"}
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
MAX_FILE_LINES = 800
MAX_FUNCTION_LINES = 80


def product_files() -> list[Path]:
    """Return the source files of the packages, each at its real path."""
    return [path for package in MAY_IMPORT for path in sorted((ROOT / package).rglob("*.py"))]


def all_files() -> list[Path]:
    """Return every source file of the project."""
    facade = sorted((ROOT / "src" / "modelc").glob("*.py"))
    others = [ROOT / name for name in ("tests", "samples", "benchmarks")]
    return [
        *product_files(),
        *facade,
        *(path for directory in others for path in sorted(directory.rglob("*.py"))),
    ]


def relative_imports(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yield the line and the top package of each relative import in a module of `package`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            names = [node.module] if node.module else [alias.name for alias in node.names]
            for name in names:
                yield node.lineno, (*base, *name.split("."))[0]


def absolute_imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the first name of each absolute import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, (node.module or "").split(".")[0]


def forbidden_relative_imports(source: str, package: tuple[str, ...]) -> list[tuple[int, str]]:
    """Return the relative imports of a module of `package` that run against the direction."""
    allowed = MAY_IMPORT[package[0]] | {package[0]}
    found = relative_imports(ast.parse(source), package)
    return [(line, target) for line, target in found if target not in allowed]


def forbidden_absolute_imports(source: str) -> list[tuple[int, str]]:
    """Return the absolute imports of the project's own packages."""
    own = {"modelc", *MAY_IMPORT}
    return [(line, name) for line, name in absolute_imports(ast.parse(source)) if name in own]


def long_functions(source: str) -> list[tuple[int, str, int]]:
    """Return line, name and length of each function over the limit."""
    functions = (
        (node.lineno, node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return [function for function in functions if function[2] > MAX_FUNCTION_LINES]


def complaints(findings: Iterable[tuple[Path, Sequence[tuple[object, ...]]]]) -> str:
    """Return one line of text per finding, "" if there are none."""
    return "\n".join(
        f"{path.relative_to(ROOT)}:{line}: {' '.join(map(str, rest))}"
        for path, found in findings
        for line, *rest in found
    )


def run_python(program: str) -> str:
    """Return what `program` prints in an interpreter of its own."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout


def import_seconds(module: str) -> float:
    """Return how long a fresh interpreter takes to import `module`."""
    program = f"from time import perf_counter as t; s = t(); import {module}; print(t() - s)"
    return float(run_python(program))


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_package_is_linked_into_the_facade(package: str):
    link = ROOT / "src" / "modelc" / package
    assert link.is_symlink()
    assert link.readlink() == Path("..") / ".." / package
    assert (link / "__init__.py").is_file()


def test_facade_links_nothing_else():
    links = {path.name for path in (ROOT / "src" / "modelc").iterdir() if path.is_symlink()}
    assert links == set(MAY_IMPORT)


def test_packages_import_in_one_direction():
    findings = [
        (path, forbidden_relative_imports(path.read_text(), path.relative_to(ROOT).parts[:-1]))
        for path in product_files()
    ]
    assert not complaints(findings)


def test_packages_import_each_other_relatively():
    findings = [(path, forbidden_absolute_imports(path.read_text())) for path in product_files()]
    assert not complaints(findings)


def test_names_say_what_files_hold():
    vague = [
        path for path in all_files() if path.stem in VAGUE_NAMES or path.parent.stem in VAGUE_NAMES
    ]
    assert not vague


def test_files_are_short():
    lengths = {path: len(path.read_text().splitlines()) for path in all_files()}
    assert not {path: length for path, length in lengths.items() if length > MAX_FILE_LINES}


def test_functions_are_short():
    assert not complaints((path, long_functions(path.read_text())) for path in all_files())


@pytest.mark.parametrize(
    ("source", "package", "target"),
    [
        ("from ..backends import Engine", ("passes",), "backends"),
        ("from ...compiler.driver import lower", ("ir", "graph"), "compiler"),
        ("from .. import ir", ("runtime",), "ir"),
        ("def f():\n    from ..ir import core", ("runtime",), "ir"),
    ],
)
def test_an_import_against_the_direction_is_found(
    source: str, package: tuple[str, ...], target: str
):
    assert forbidden_relative_imports(source, package) == [(source.count("\n") + 1, target)]


@pytest.mark.parametrize(
    ("source", "package"),
    [
        ("from . import core", ("ir",)),
        ("from ..types import TensorType", ("ir", "graph")),
        ("from ..diagnostics import Diagnostic", ("runtime",)),
        ("from ...runtime import program", ("backends", "onnx")),
    ],
)
def test_an_import_along_the_direction_is_accepted(source: str, package: tuple[str, ...]):
    assert not forbidden_relative_imports(source, package)


@pytest.mark.parametrize("source", ["import modelc.ir", "from modelc import ir", "import ir.core"])
def test_an_absolute_import_of_an_own_package_is_found(source: str):
    assert len(forbidden_absolute_imports(source)) == 1


def test_a_long_function_is_found():
    body = "\n    pass" * MAX_FUNCTION_LINES
    assert long_functions(f"def long():{body}") == [(1, "long", MAX_FUNCTION_LINES + 1)]
    assert not long_functions(f"def short():{body.removesuffix('pass').rstrip()}")


@pytest.mark.parametrize("module", ["modelc", "modelc.runtime", "modelc.diagnostics"])
def test_import_loads_nothing_heavy(module: str):
    program = f"import {module}, json, sys; print(json.dumps(sorted(sys.modules)))"
    assert not HEAVY & set(json.loads(run_python(program)))


def test_import_is_much_faster_than_torch():
    ours = statistics.median(import_seconds("modelc") for _ in range(3))
    torch = statistics.median(import_seconds("torch") for _ in range(3))
    assert ours < 0.3 * torch
