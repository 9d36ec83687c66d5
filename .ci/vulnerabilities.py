"""Asks the advisory database about every locked package. Ends with 1 when one is known to be
vulnerable, and with 0 when none is, or when the database can't be reached, which it says."""

import subprocess
import sys

LOCKS = ("requirements.lock", "requirements-cuda.lock")
_AWAY = ("ConnectionError", "ServiceError", "Max retries", "Name or service", "ConnectTimeout")


def main() -> int:
    """Run pip-audit over the locks as they stand, without installing anything."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes"]
    command += [word for lock in LOCKS for word in ("-r", lock)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    print(ran.stdout, end="")  # noqa: T201
    if ran.returncode and any(word in ran.stderr for word in _AWAY) and not ran.stdout.strip():
        print("The advisory database can't be reached, so nothing was checked.")  # noqa: T201
        return 0
    print(ran.stderr, end="", file=sys.stderr)  # noqa: T201
    return ran.returncode


if __name__ == "__main__":
    sys.exit(main())
