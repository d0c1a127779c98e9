"""Ends a scenario that this machine does not let be tried: ctest counts it as skipped (tests/scenarios/CMakeLists.txt)."""
import os
import sys

SKIPPED = 77


def skip(why):
    print(f"skipped: {why}", flush=True)
    sys.exit(SKIPPED)


def need_root(why):
    if os.geteuid() != 0:
        skip(f"needs root: {why}")
