"""The billing export in BigQuery: what each SKU cost on each day."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mmmflow.cloud.environment import Environment
from mmmflow.cloud.failures import told
from mmmflow.domain.bills import CostLine
from mmmflow.ports import Billing

if TYPE_CHECKING:
    from google.cloud import bigquery

_TABLE = re.compile(r"[a-z0-9-]+\.[A-Za-z0-9_]+\.[A-Za-z0-9_]+")
_ROLES = "roles/bigquery.dataViewer on the table, roles/bigquery.jobUser"
_SECONDS = 120.0

# Rows of a day are exported on that day or later, never before: the
# partitions since then hold them all, and no others are read. What carries
# no label of an environment is the project's.
_STATEMENT = """
SELECT
  FORMAT_DATE('%Y-%m-%d', DATE(usage_start_time)) AS day,
  service.description AS service,
  sku.description AS sku,
  currency,
  SUM(cost) + SUM(IFNULL(
    (SELECT SUM(credit.amount) FROM UNNEST(credits) AS credit), 0)) AS cost
FROM `{table}`
WHERE _PARTITIONTIME >= TIMESTAMP(@since)
  AND usage_start_time >= TIMESTAMP(@since)
  AND project.id = @project
  AND (
    NOT EXISTS (
      SELECT 1 FROM UNNEST(labels) AS label WHERE label.key = 'environment')
    OR EXISTS (
      SELECT 1 FROM UNNEST(labels) AS label
      WHERE label.key = 'environment' AND label.value = @environment))
GROUP BY day, service, sku, currency
ORDER BY day, service, sku
"""


def statement(table: str) -> str:
    """The SELECT over an export's table, `project.dataset.table`.

    Its parameters are `since` (a day, as text), `project`, `environment`.

    Raises:
        ValueError: that is no name of a table.
    """
    if not _TABLE.fullmatch(table):
        raise ValueError(f"{table!r} is no project.dataset.table")
    return _STATEMENT.replace("{table}", table)


class BillingExport:
    """Reads one environment's lines of the export; never writes."""

    def __init__(self, project: str, environment: str, table: str) -> None:
        self._project = project
        self._environment = environment
        self._statement = statement(table)
        self._table = table

    def lines(self, since: str) -> list[CostLine]:
        from google.cloud import bigquery

        said = {
            "since": since,
            "project": self._project,
            "environment": self._environment,
        }
        with told(f"billing export {self._table}", _ROLES):
            client = bigquery.Client(project=self._project)
            rows = client.query_and_wait(
                self._statement,
                job_config=_configured(said),
                wait_timeout=_SECONDS,
            )
            return [
                CostLine(r.day, r.service, r.sku, r.currency, float(r.cost))
                for r in rows
            ]


def _configured(parameters: Mapping[str, str]) -> "bigquery.QueryJobConfig":
    from google.cloud import bigquery

    return bigquery.QueryJobConfig(
        query_parameters=[
            bigquery.ScalarQueryParameter(name, "STRING", value)
            for name, value in parameters.items()
        ],
        maximum_bytes_billed=10 * 2**30,
    )


class NoExport:
    """Nothing is known of what this deployment costs."""

    def lines(self, since: str) -> list[CostLine]:
        del since
        return []


def open_billing(environment: Environment) -> Billing:
    """The environment's lines bear the last part of its prefix as label."""
    if not environment.billing_export:
        return NoExport()
    label = environment.prefix.rpartition("-")[2]
    return BillingExport(environment.project, label, environment.billing_export)
