#!/usr/bin/python3
"""Every test that docs/rules-and-tests.md names is there."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
cases = set()
for source in ROOT.glob("tests/unit/**/*.cc"):
    cases |= {".".join(names) for names in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", source.read_text(), re.M)}
scenarios = {path.name for path in (ROOT / "tests/scenarios").iterdir()}
rows = [line for line in (ROOT / "docs/rules-and-tests.md").read_text().splitlines() if line.startswith("| ") and not line.startswith("| rule")]
named = [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[2])]
missing = [name for name in named if name not in cases | scenarios]
without = [row for row in rows if "`" not in row.split("|")[2]]
print(f"{len(rows)} rules, {len(named)} tests named")
for problem in missing + without:
    print(f"not there: {problem}")
sys.exit(1 if missing or without or not named else 0)
