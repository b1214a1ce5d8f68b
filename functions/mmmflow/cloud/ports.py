"""The ports on Google Cloud, each opened when it is first asked for.

A function imports and opens the clients that it uses, and no others: a cold
start pays for its own.
"""

from functools import cached_property

from mmmflow.cloud import environment as deployed
from mmmflow.cloud.environment import Environment
from mmmflow.people.outside import HttpOutside
from mmmflow.ports import (
    Billing,
    Bucket,
    Clock,
    Deployment,
    Documents,
    Entropy,
    Identity,
    Jobs,
    Messages,
    Outside,
    Ports,
    Secrets,
    Warehouse,
)
from mmmflow.system import SystemClock, SystemEntropy


class CloudPorts(Ports):
    """The ports of one deployment."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    @cached_property
    def documents(self) -> Documents:
        from mmmflow.cloud.documents import FirestoreDocuments

        return FirestoreDocuments(self._environment)

    @cached_property
    def _buckets(self) -> tuple[Bucket, Bucket]:
        from mmmflow.cloud.objects import open_buckets

        return open_buckets(self._environment)

    @cached_property
    def uploads(self) -> Bucket:
        return self._buckets[0]

    @cached_property
    def data(self) -> Bucket:
        return self._buckets[1]

    @cached_property
    def messages(self) -> Messages:
        from mmmflow.cloud.messages import PubsubMessages

        return PubsubMessages(self._environment)

    @cached_property
    def jobs(self) -> Jobs:
        from mmmflow.cloud.jobs import CloudRunJobs

        return CloudRunJobs(self._environment)

    @cached_property
    def warehouse(self) -> Warehouse:
        from mmmflow.cloud.warehouse import SnowflakeWarehouse

        return SnowflakeWarehouse(deployed.read_snowflake(), self.secrets)

    @cached_property
    def secrets(self) -> Secrets:
        from mmmflow.cloud.secrets import SecretManager

        return SecretManager(self._environment)

    @cached_property
    def outside(self) -> Outside:
        return HttpOutside()

    @cached_property
    def identity(self) -> Identity:
        from mmmflow.cloud.identity import open_identity

        return open_identity()

    @cached_property
    def billing(self) -> Billing:
        from mmmflow.cloud.billing import open_billing

        return open_billing(self._environment)

    @cached_property
    def clock(self) -> Clock:
        return SystemClock()

    @cached_property
    def entropy(self) -> Entropy:
        return SystemEntropy()

    @cached_property
    def deployment(self) -> Deployment:
        told = self._environment
        return Deployment(told.default_engine, told.images)
