"""The sizing target (L14): the workload of tests/scenarios/45-a-hundred-accounts, longer, and what memory it took."""
import sys

from .peers import ROOT

sys.path[:0] = [str(ROOT / "tests" / "scenarios"), str(ROOT / "tests" / "support")]
import hundred  # noqa: E402
from control_group import MemoryGroup  # noqa: E402
from instance import Instance  # noqa: E402


def measure(messages):
    """Each of the accounts submits so many messages to two others."""
    with MemoryGroup("bench-hundred", hundred.MEMORY) as group, Instance(environment=hundred.SETTINGS) as tubepost:
        hundred.add_accounts(tubepost)
        with hundred.Supervised(tubepost, group) as services:
            print(hundred.describe(hundred.run(tubepost, services, messages)))
