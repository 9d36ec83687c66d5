"""Asks the advisory database about every locked package. Ends with 1 when one is known to be
vulnerable, and with 0 when none is, or when the database can't be reached, which it says."""

import json
import subprocess
import sys
from typing import Any

LOCKS = ("requirements.lock", "requirements-cuda.lock")
UNREACHABLE = "The advisory database can't be reached, so nothing was checked."
_AWAY = ("ConnectionError", "ServiceError", "Max retries", "Name or service", "ConnectTimeout")


def main() -> int:
    """Run pip-audit over the locks as they stand, without installing anything."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "-f", "json"]
    command += [word for lock in LOCKS for word in ("-r", lock)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if ran.stdout.strip():
        return report(json.loads(ran.stdout)["dependencies"])
    print(ran.stderr, end="", file=sys.stderr)  # noqa: T201
    if any(word in ran.stderr for word in _AWAY):
        print(UNREACHABLE)  # noqa: T201
        return 0
    return ran.returncode


def report(packages: list[dict[str, Any]]) -> int:
    """Tell what is known of each package; one that the database does not know was not checked."""
    known = [one for one in packages if "vulns" in one]
    bad = [one for one in known if one["vulns"]]
    for one in bad:
        names = ", ".join(each["id"] for each in one["vulns"])
        print(f"{one['name']} {one['version']}: {names}")  # noqa: T201
    if known:
        counted = f"{len(known)} of {len(packages)} packages were checked"
        print(f"{counted}; {len(bad)} of them are known to be vulnerable.")  # noqa: T201
    else:
        print(UNREACHABLE)  # noqa: T201
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
