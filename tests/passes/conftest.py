"""Collects `.mc` files: each is an IR module with one RUN line and the CHECK lines it must meet.

The RUN line reads `// RUN: modelc opt %s -p PIPELINE | filecheck %s`, and is executed here, in
process. `--update` replaces the CHECK lines by what the passes give today, for review.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any, cast

import pytest
from filecheck.finput import FInput
from filecheck.matcher import Matcher
from filecheck.options import Options
from filecheck.parser import Parser

from modelc.ir.text import parse_module, print_module
from modelc.passes import run_pipeline, verify_passes

_RUN = re.compile(r"^// RUN: modelc opt %s -p (?P<pipeline>\S+) \| filecheck %s$", re.MULTILINE)
_CHECK = re.compile(r"^// CHECK[-:{].*\n?", re.MULTILINE)


class CheckFailure(AssertionError):
    """What a `.mc` file expects is not what the passes give."""


class IRFile(pytest.File):
    """One `.mc` file, a golden file that no run line reads included."""

    def collect(self) -> Iterator[pytest.Item]:
        yield cast(Any, IRTest).from_parent(self, name="run")  # pytest leaves it untyped


class IRTest(pytest.Item):
    """The run line of one `.mc` file."""

    def runtest(self) -> None:
        try:
            check_file(self.path, bool(self.config.getoption("--update")))
        except CheckFailure as failure:
            pytest.fail(str(failure), pytrace=False)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> IRFile | None:
    is_module = file_path.suffix == ".mc"
    return cast(Any, IRFile).from_parent(parent, path=file_path) if is_module else None


@pytest.fixture(name="check_file")
def check_file_fixture() -> Callable[[Path, bool], None]:
    """Return the function that runs one `.mc` file."""
    return check_file


def check_file(path: Path, update: bool) -> None:
    """Run the file at `path`; match its CHECK lines, or replace them if asked to `update`."""
    source = path.read_text(encoding="utf-8")
    output = run(source, path)
    if update:
        path.write_text(with_checks(source, output), encoding="utf-8")
    else:
        match_checks(path, output)


def run(source: str, path: Path) -> str:
    """Return what the run line of `source` prints, after verifying each step."""
    lines = _RUN.findall(source)
    if len(lines) != 1:
        raise CheckFailure(f"{path.name} has {len(lines)} RUN lines of the known form, not one")
    module = parse_module(source, str(path))
    run_pipeline(module, lines[0], observers=[verify_passes])
    output = print_module(module)
    assert print_module(parse_module(output, "output")) == output
    return output


def match_checks(path: Path, output: str) -> None:
    """Raise CheckFailure with filecheck's report unless `output` meets the lines in `path`."""
    report = io.StringIO()
    with redirect_stderr(report):
        options = Options(match_filename=str(path), comment_prefixes=["COM", "RUN"])
        options.check_prefixes = ["CHECK"]
        matcher = Matcher(options, FInput("output", output), Parser.from_opts(options))
        failed = matcher.run()
    if failed:
        raise CheckFailure(f"{report.getvalue()}\n{output}\nreview a run with --update")


def with_checks(source: str, output: str) -> str:
    """Return `source` with CHECK lines that say exactly `output`."""
    return _CHECK.sub("", source).rstrip("\n") + "\n\n" + "".join(check_lines(output))


def check_lines(output: str) -> Iterator[str]:
    """Yield a CHECK line per line of `output`; one after an empty line need not be the next."""
    follows = False
    for line in output.splitlines():
        if line.strip():
            literal = "{LITERAL}" if "[[" in line or "{{" in line else ""
            yield f"// CHECK{'-NEXT' if follows else ''}{literal}: {line.strip()}\n"
        follows = bool(line.strip())
