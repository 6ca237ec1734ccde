"""The table of codes and the places that use it agree."""

import re
from pathlib import Path

from modelc.diagnostics import CODES

ROOT = Path(__file__).parents[2]
PACKAGES = ("backends", "compiler", "diagnostics", "ir", "passes", "runtime", "src/modelc")
TABLE = ROOT / "diagnostics" / "codes.py"


def used_codes() -> dict[str, str]:
    """Return each code that the product mentions, with a file that does."""
    files = [
        path for name in PACKAGES for path in (ROOT / name).rglob("*.py") if path.resolve() != TABLE
    ]
    return {
        code: str(path.relative_to(ROOT))
        for path in files
        for code in re.findall(r"\bMC\d{4}\b", path.read_text())
    }


def test_codes_have_their_form():
    assert not [code for code in CODES if not re.fullmatch(r"MC\d{4}", code)]


def test_meanings_are_distinct():
    assert len(set(CODES.values())) == len(CODES)


def test_table_is_sorted():
    assert list(CODES) == sorted(CODES)


def test_every_used_code_is_documented():
    unknown = {code: file for code, file in used_codes().items() if code not in CODES}
    assert not unknown


def test_every_documented_code_is_used():
    unused = sorted(CODES.keys() - used_codes().keys())
    assert not unused
