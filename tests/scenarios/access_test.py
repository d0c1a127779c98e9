"""Runs basic-access-test and looks at what it says: for the scenarios of it."""
import json
import subprocess

from instance import BIN, expect


def access_test(arguments, environment, secrets=(), input=None, status=None, program=BIN / "basic-access-test"):
    """(exit status, results). `secrets` may stand nowhere in what is printed; `status`: those that are expected."""
    words = [str(word) for word in (program, "--json", *arguments)]
    done = subprocess.run(words, env=environment, input=input, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    expect(all(secret not in done.stdout + done.stderr for secret in secrets), "a password in the report")
    expect(done.stdout, done.stderr)
    expect(status is None or done.returncode in status, f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.returncode, json.loads(done.stdout)["checks"]


def ids(checks, *results):
    return sorted({check["id"] for check in checks if check["result"] in results})


def show(checks):
    return "\n".join(f"{c['result']} {c['id']} {c['subject']}: {c['evidence'][:800]}" for c in checks if c["result"] in ("failed", "warning"))


def demand(checks, check, result, *parts):
    """One of the results of `check` is `result`, with these words in what is said of it."""
    seen = [one for one in checks if one["id"] == check]
    expect(any(one["result"] == result and all(part in one["subject"] + one["evidence"] + one.get("remedy", "") for part in parts) for one in seen),
           f"{check} is not {result} {parts}:\n{json.dumps(seen, indent=1)}")


def only_these(what, status, checks, *expected):
    """Of all checks these fail, and no other."""
    failed = ids(checks, "failed")
    expect(status == 1 and failed == sorted(expected), f"{what}: exit {status}, failed {failed}, not {sorted(expected)}\n{show(checks)}")
    print(f"found: {what}", flush=True)
