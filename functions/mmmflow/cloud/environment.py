"""What a deployment tells its processes: the names of its resources.

Every variable is listed here, with what it means; Terraform sets them.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Environment:
    """The names of one environment's resources.

    Attributes:
        project: id of the Google Cloud project.
        region: of the jobs, as `europe-west3`.
        prefix: begins the name of every topic, job and secret, as
            `mmmflow-dev`.
        database: id of the Firestore database.
        uploads: name of the bucket where people write.
        data: name of the bucket where the functions and workers write.
        run_endpoint: `host:port` of a stand-in for Cloud Run, without TLS.
        secrets_endpoint: the same for Secret Manager.
        logging_endpoint: the same for Cloud Logging.
    """

    project: str
    region: str
    prefix: str
    database: str
    uploads: str
    data: str
    run_endpoint: str = ""
    secrets_endpoint: str = ""
    logging_endpoint: str = ""

    def topic(self, name: str) -> str:
        """The full name of a topic of ours, as `experiment.requested`."""
        return f"projects/{self.project}/topics/{self.prefix}.{name}"

    def job(self, name: str) -> str:
        """The full name of a job, as `native-small`."""
        parent = f"projects/{self.project}/locations/{self.region}"
        return f"{parent}/jobs/{self.prefix}-{name}"

    def secret(self, name: str) -> str:
        """The full name of a secret, as `snowflake-key`."""
        return f"projects/{self.project}/secrets/{self.prefix}-{name}"


def read(env: Mapping[str, str] = os.environ) -> Environment:
    """Raises: KeyError, naming the variable that is not set."""
    return Environment(
        project=env["MMMFLOW_PROJECT"],
        region=env["MMMFLOW_REGION"],
        prefix=env["MMMFLOW_PREFIX"],
        database=env.get("MMMFLOW_DATABASE", "(default)"),
        uploads=env["MMMFLOW_UPLOADS_BUCKET"],
        data=env["MMMFLOW_DATA_BUCKET"],
        run_endpoint=env.get("MMMFLOW_RUN_ENDPOINT", ""),
        secrets_endpoint=env.get("MMMFLOW_SECRETS_ENDPOINT", ""),
        logging_endpoint=env.get("MMMFLOW_LOGGING_ENDPOINT", ""),
    )
