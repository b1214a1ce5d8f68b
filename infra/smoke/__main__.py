"""`make smoke-cloud PROJECT=…`: claim by claim on a real project.

    python -m infra.smoke --project my-project --environment dev

It starts a few executions of the smallest job, which end at once, writes and
deletes a document and an object, and sends one request that is refused. The
last line is JSON.
"""

import argparse
import json
import sys
import time

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import RefusedError, UnreachableError

from infra.smoke.claims import CLAIMS, Claim
from infra.smoke.project import (
    NoCredentialsError,
    Project,
    UnexpectedError,
    project,
)

_FAILS = (
    UnexpectedError,
    RefusedError,
    UnreachableError,
    InvalidInputError,
    GoogleAPIError,
    KeyError,
)
_SIGN_IN = (
    "error: nobody is signed in to Google Cloud ({why}).\n"
    "Run `gcloud auth application-default login`, or set"
    " GOOGLE_APPLICATION_CREDENTIALS, and try again."
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", required=True)
    parser.add_argument("--environment", default="dev")
    parser.add_argument("--region", default="europe-west1")
    options = parser.parse_args()
    asked = project(options.project, options.environment, options.region)
    results = []
    try:
        asked.session.credentials.refresh(_request())
        for claim in CLAIMS:
            results.append(_tested(claim, asked))
    except (NoCredentialsError, GoogleAuthError) as nobody:
        print(_SIGN_IN.format(why=nobody), file=sys.stderr)
        return 2
    held = sum(result["holds"] is True for result in results)
    print(f"{held} of {len(CLAIMS)} claims hold on {options.project}")
    print(json.dumps({"project": options.project, "claims": results}))
    return 0 if held == len(CLAIMS) else 1


def _tested(claim: Claim, asked: Project) -> dict[str, object]:
    began = time.monotonic()
    try:
        seen, holds = claim.test(asked), True
    except _FAILS as error:
        seen, holds = f"{type(error).__name__}: {error}", False
    mark = "holds" if holds else "FAILS"
    print(f"{claim.number:>3} {mark}  {claim.words:<52} {seen}", flush=True)
    seconds = round(time.monotonic() - began, 1)
    return {
        "claim": claim.number,
        "holds": holds,
        "seen": seen,
        "seconds": seconds,
    }


def _request() -> object:
    from google.auth.transport.requests import Request

    return Request()


if __name__ == "__main__":
    sys.exit(main())
