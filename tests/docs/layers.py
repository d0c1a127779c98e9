#!/usr/bin/python3
"""Holds the table of docs/policy-layers.md against the transcripts: layer N has tests/transcripts/smtpd/layers-NN-*.chat, in which every
refusal that the table names is said by the server, at least with its codes; and each transcript belongs to a layer of the table. What only
whole programs say (connections, quotas) is said in the scenario that the page names."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = ROOT / "tests/scenarios/62-layers"


def rows():
    """(number, what is refused with) of each row of the first table that refuses something."""
    for line in (ROOT / "docs/policy-layers.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0].isdigit():
            yield int(cells[0]), cells[4]


def said_in(files):
    text = "\n".join(path.read_text() for path in files)
    replies = [re.sub(r"\\", "", line[3:]).lstrip("^") for line in text.splitlines() if line.startswith(("S: ", "S? "))]
    return [" ".join(reply.split()[:2]) for reply in replies]


def main():
    problems, numbers = [], set()
    transcripts = sorted((ROOT / "tests/transcripts/smtpd").glob("layers-*.chat"))
    scenario = SCENARIO.read_text()
    for number, refusal in rows():
        numbers.add(number)
        own = [path for path in transcripts if path.name.startswith(f"layers-{number:02}-")]
        codes = re.findall(r"\b[45]\d\d [45]\.\d+\.\d+", refusal)
        said = said_in(own)
        for code in codes:
            if code not in said and f'"{code} ' not in scenario and f'b"{code} ' not in scenario:
                problems.append(f"layer {number}: nothing shows {code}")
        if codes and not own and number != 4:
            problems.append(f"layer {number}: no transcript")
        for code in {code for code in said if re.match(r"[45]\d\d [45]\.7\.", code)} - set(codes):
            if own and number not in (1, 11):
                problems.append(f"layer {number}: {code} is said in its transcripts, and not in the table")
    for path in transcripts:
        if int(path.name.split("-")[1]) not in numbers:
            problems.append(f"{path.name}: there is no such layer")
    if len(numbers) < 14:
        problems.append(f"only {len(numbers)} layers found in the table")
    print("\n".join(problems))
    return 1 if problems else 0


sys.exit(main())
