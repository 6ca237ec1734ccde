"""Pages that people write: links lead somewhere, commands exist, the example runs."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def make_targets() -> set[str]:
    """Return the targets that are commands, not files."""
    declared = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert declared
    return set(declared[1].split())


def code_block(text: str, language: str) -> str:
    """Return the first fenced block of `language`."""
    found = re.search(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found, f"no {language} block"
    return found[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert not [link for link in links if not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_commands_exist(page: Path):
    commands = set(re.findall(r"(?:`|\$ )make ([a-z]+)", page.read_text()))
    assert commands <= make_targets()


def test_make_explains_every_command():
    explained = re.findall(r"^([a-z]+):.*## .+$", MAKEFILE, re.MULTILINE)
    assert set(explained) == make_targets()


def test_contributing_stays_short():
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) < 150


def test_decisions_are_numbered_without_gaps():
    names = sorted(path.name for path in (ROOT / "docs" / "decisions").iterdir())
    assert [name[:5] for name in names] == [f"{number:04}-" for number in range(1, len(names) + 1)]


def test_readme_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "example.py").write_text(code_block(README, "python"))
    runpy.run_path("example.py")
    assert "host func" in capsys.readouterr().out
    assert (tmp_path / "exits.modelc").exists()
