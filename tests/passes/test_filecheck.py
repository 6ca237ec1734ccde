"""The runner of `.mc` files is able to fail, and every pass has such a file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from modelc.passes import PASSES, parse_pipeline

HERE = Path(__file__).parent

SOURCE = """// RUN: modelc opt %s -p canonicalize | filecheck %s
module @m {level = captured} {
  host func @main(%x: i64) {
    %0 = arith.constant {value = 0} : i64
    %1 = arith.add(%x, %0) : i64
    host.return([%1]) {structure = tuple(leaf(0))}
  }
}
"""

CheckFile = Callable[[Path, bool], None]


@pytest.fixture(name="path")
def path_fixture(tmp_path: Path) -> Path:
    path = tmp_path / "case.mc"
    path.write_text(SOURCE)
    return path


def test_update_writes_what_then_matches(check_file: CheckFile, path: Path):
    check_file(path, True)
    updated = path.read_text()
    assert "// CHECK-NEXT: host.return([%x])" in updated
    check_file(path, False)
    check_file(path, True)
    assert path.read_text() == updated


def test_another_output_fails(check_file: CheckFile, path: Path):
    check_file(path, True)
    path.write_text(path.read_text().replace("CHECK-NEXT: host.return([%x])", "CHECK-NEXT: x"))
    with pytest.raises(AssertionError, match="Couldn't match"):
        check_file(path, False)


def test_a_file_without_checks_fails(check_file: CheckFile, path: Path):
    with pytest.raises(AssertionError, match="No check strings"):
        check_file(path, False)


def test_a_file_without_run_line_fails(check_file: CheckFile, path: Path):
    path.write_text(SOURCE.replace("RUN", "RAN"))
    with pytest.raises(AssertionError, match="0 RUN lines"):
        check_file(path, False)


@pytest.mark.parametrize("name", PASSES)
def test_every_pass_has_a_file(name: str):
    runs = [path.read_text().partition("\n")[0] for path in HERE.glob("*.mc")]
    pipelines = [line.partition(" -p ")[2].partition(" |")[0] for line in runs]
    assert any(each.name == name for text in pipelines for each in parse_pipeline(text))
