"""What a deployment tells its processes: the names of its resources.

Every variable is listed here, with what it means; Terraform sets them.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

_IMAGES = {"native": "MMMFLOW_IMAGE_NATIVE", "robyn": "MMMFLOW_IMAGE_ROBYN"}


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
        signer: mail address of the service account that signs URLs.
        iam_endpoint: URL of the API that signs for it.
        run_endpoint: `host:port` of a stand-in for Cloud Run, without TLS.
        secrets_endpoint: the same for Secret Manager.
        logging_endpoint: the same for Cloud Logging.
        billing_export: table of the billing export,
            `project.dataset.table`; "" where no costs are read.
        default_engine: of an experiment that names none.
        images: what each engine's jobs run, by its name.
    """

    project: str
    region: str
    prefix: str
    database: str
    uploads: str
    data: str
    signer: str = ""
    iam_endpoint: str = "https://iamcredentials.googleapis.com"
    run_endpoint: str = ""
    secrets_endpoint: str = ""
    logging_endpoint: str = ""
    billing_export: str = ""
    default_engine: str = "native"
    images: Mapping[str, str] = field(default_factory=dict)

    def topic(self, name: str) -> str:
        """The full name of a topic of ours, as `experiment.requested`."""
        return f"projects/{self.project}/topics/{self.prefix}.{name}"

    def subscription(self, function: str, topic: str) -> str:
        """The full name of a function's subscription to a topic of ours."""
        id = f"{self.prefix}.{function}.{topic}"
        return f"projects/{self.project}/subscriptions/{id}"

    def job(self, name: str) -> str:
        """The full name of a job, as `native-small`."""
        parent = f"projects/{self.project}/locations/{self.region}"
        return f"{parent}/jobs/{self.prefix}-{name}"

    @property
    def log_view(self) -> str:
        """The view of the log that holds the lines of our jobs only."""
        bucket = f"projects/{self.project}/locations/global/buckets/_Default"
        return f"{bucket}/views/{self.prefix.replace('-', '_')}_jobs"

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
        signer=env.get("MMMFLOW_SIGNER", ""),
        iam_endpoint=env.get("MMMFLOW_IAM_ENDPOINT", Environment.iam_endpoint),
        run_endpoint=env.get("MMMFLOW_RUN_ENDPOINT", ""),
        secrets_endpoint=env.get("MMMFLOW_SECRETS_ENDPOINT", ""),
        logging_endpoint=env.get("MMMFLOW_LOGGING_ENDPOINT", ""),
        billing_export=env.get("MMMFLOW_BILLING_EXPORT", ""),
        default_engine=env.get(
            "MMMFLOW_DEFAULT_ENGINE", Environment.default_engine
        ),
        images={
            engine: env[name] for engine, name in _IMAGES.items() if name in env
        },
    )


@dataclass(frozen=True)
class Access:
    """Who is let in by a deployment of the function `api`.

    Attributes:
        kind: `iap`, what Identity-Aware Proxy signs (the service `page`), or
            `token`, an ID token that Google signs (the service `api`).
        audiences: whom the signed words must be meant for. Of `iap`
            `/projects/NUMBER/locations/REGION/services/NAME`, of `token` the
            service's URL or an OAuth client's id.
        domains: Google Workspace domains whose people are let in.
        accounts: mail addresses of single people and service accounts.
        operators: who may change things: mail addresses, or `@domain`.
        certificates_url: a stand-in for Google's certificates.
    """

    kind: Literal["iap", "token"]
    audiences: frozenset[str]
    domains: frozenset[str]
    accounts: frozenset[str]
    operators: frozenset[str]
    certificates_url: str = ""


def read_access(env: Mapping[str, str] = os.environ) -> Access | None:
    """None where MMMFLOW_IDENTITY is not set. Lists are parted by commas.

    Raises:
        ValueError: it says half of what is needed, or something unknown.
    """
    kind: Literal["iap", "token"]
    match env.get("MMMFLOW_IDENTITY", ""):
        case "":
            return None
        case "iap" | "token" as kind:
            pass
        case other:
            raise ValueError(f"MMMFLOW_IDENTITY is {other!r}, not iap or token")
    access = Access(
        kind=kind,
        audiences=_listed(env, "MMMFLOW_AUDIENCES"),
        domains=_lower(env, "MMMFLOW_ALLOWED_DOMAINS"),
        accounts=_lower(env, "MMMFLOW_ALLOWED_ACCOUNTS"),
        operators=_lower(env, "MMMFLOW_OPERATORS"),
        certificates_url=env.get("MMMFLOW_CERTIFICATES_URL", ""),
    )
    if not access.audiences:
        raise ValueError("MMMFLOW_AUDIENCES is not set: whom is it meant for?")
    if not access.domains | access.accounts:
        raise ValueError(
            "nobody is let in: set MMMFLOW_ALLOWED_DOMAINS or"
            " MMMFLOW_ALLOWED_ACCOUNTS"
        )
    return access


def _listed(env: Mapping[str, str], name: str) -> frozenset[str]:
    parts = (part.strip() for part in env.get(name, "").split(","))
    return frozenset(part for part in parts if part)


def _lower(env: Mapping[str, str], name: str) -> frozenset[str]:
    return frozenset(part.lower() for part in _listed(env, name))


@dataclass(frozen=True)
class Snowflake:
    """How Snowflake is reached; keys and passwords are secrets.

    Attributes:
        account: the account's identifier, as `myorg-myaccount`.
        warehouse: the virtual warehouse that runs the queries.
        role: the role that may read, and nothing else.
        database, schema: of tables that are named without theirs.
        statement_seconds: after which Snowflake ends a query.
        endpoint: `http://host:port` of a stand-in.
    """

    account: str = ""
    user: str = ""
    warehouse: str = ""
    role: str = ""
    database: str = ""
    schema: str = "PUBLIC"
    statement_seconds: int = 3600
    endpoint: str = ""


def read_snowflake(env: Mapping[str, str] = os.environ) -> Snowflake:
    """Without an account where MMMFLOW_SNOWFLAKE_ACCOUNT is not set."""
    return Snowflake(
        account=env.get("MMMFLOW_SNOWFLAKE_ACCOUNT", ""),
        user=env.get("MMMFLOW_SNOWFLAKE_USER", ""),
        warehouse=env.get("MMMFLOW_SNOWFLAKE_WAREHOUSE", ""),
        role=env.get("MMMFLOW_SNOWFLAKE_ROLE", ""),
        database=env.get("MMMFLOW_SNOWFLAKE_DATABASE", ""),
        schema=env.get("MMMFLOW_SNOWFLAKE_SCHEMA", Snowflake.schema),
        statement_seconds=int(
            env.get("MMMFLOW_SNOWFLAKE_STATEMENT_SECONDS", "3600")
        ),
        endpoint=env.get("MMMFLOW_SNOWFLAKE_ENDPOINT", ""),
    )
