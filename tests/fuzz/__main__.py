"""`make test-api-fuzz`: generated requests against the API's contract.

Every operation of schemas/openapi.yaml gets its share of the cases, half of
them as the contract allows and half breaking it, and every answer is held to
the contract by schemathesis' checks. The same seed makes the same cases.
"""

import argparse
import json
import sys
import time

from tests.fuzz.cases import Finding, fuzz


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    started = time.monotonic()
    run = fuzz(given.cases, given.seed)
    for finding in run.findings:
        _show(finding)
    statuses = ", ".join(f"{s}: {n}" for s, n in sorted(run.statuses.items()))
    print(f"{run.cases} cases of {run.operations} operations; {statuses}")
    print(
        json.dumps(
            {
                "seed": given.seed,
                "cases": run.cases,
                "operations": run.operations,
                "findings": len(run.findings),
                "statuses": dict(sorted(run.statuses.items())),
                "seconds": round(time.monotonic() - started, 1),
            }
        )
    )
    return 1 if run.findings else 0


def _show(finding: Finding) -> None:
    print(f"FOUND {finding.operation}\n{finding.what}\n{finding.curl}\n")


if __name__ == "__main__":
    sys.exit(main())
