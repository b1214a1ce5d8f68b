"""What Google Cloud asks, in US dollars: the one place where prices stand.

List prices of a tier 1 region (europe-west1), without taxes, discounts and
commitments, as the named pages gave them at `AS_OF`. A bill is what counts:
`costs` shows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

AS_OF = "2025-10-01"
CURRENCY = "USD"
_DOCS = "https://cloud.google.com"


@dataclass(frozen=True)
class Price:
    """Of one unit; what is free of it in a month.

    Attributes:
        per_unit: in dollars.
        free: units a month that cost nothing (of the billing account, or
            of the project).
    """

    per_unit: float
    unit: str
    free: float
    source: str


PRICES: Mapping[str, Price] = {
    # Jobs are billed by their instances' whole life.
    "job_cpu": Price(0.000018, "vCPU-s", 240_000, f"{_DOCS}/run/pricing"),
    "job_memory": Price(0.000002, "GiB-s", 450_000, f"{_DOCS}/run/pricing"),
    # Functions are billed while they answer.
    "function_cpu": Price(0.000024, "vCPU-s", 180_000, f"{_DOCS}/run/pricing"),
    "function_memory": Price(
        0.0000025, "GiB-s", 360_000, f"{_DOCS}/run/pricing"
    ),
    "request": Price(0.40e-6, "request", 2e6, f"{_DOCS}/run/pricing"),
    "build": Price(0.006, "minute", 2_500, f"{_DOCS}/build/pricing"),
    "message": Price(40 / 2**40, "byte", 10 * 2**30, f"{_DOCS}/pubsub/pricing"),
    "document_read": Price(
        0.03e-5, "document", 0, f"{_DOCS}/firestore/pricing"
    ),
    "document_write": Price(
        0.09e-5, "document", 0, f"{_DOCS}/firestore/pricing"
    ),
    "document_storage": Price(
        0.15, "GiB-month", 0, f"{_DOCS}/firestore/pricing"
    ),
    "object_write": Price(5e-6, "operation", 5_000, f"{_DOCS}/storage/pricing"),
    "object_read": Price(
        0.4e-6, "operation", 50_000, f"{_DOCS}/storage/pricing"
    ),
    "object_storage": Price(0.020, "GiB-month", 0, f"{_DOCS}/storage/pricing"),
    "image_storage": Price(
        0.10, "GiB-month", 0.5, f"{_DOCS}/artifact-registry/pricing"
    ),
    "timer": Price(0.10, "timer-month", 3, f"{_DOCS}/scheduler/pricing"),
    "secret": Price(
        0.06, "version-month", 6, f"{_DOCS}/secret-manager/pricing"
    ),
    "log": Price(0.50, "GiB", 50, f"{_DOCS}/stackdriver/pricing"),
    "alert": Price(0.10, "condition-month", 0, f"{_DOCS}/stackdriver/pricing"),
    "uptime_check": Price(
        0.30e-3, "execution", 1e6, f"{_DOCS}/stackdriver/pricing"
    ),
    # A fixed address: the NAT gateway by its hours, and the address itself.
    "gateway": Price(0.044, "hour", 0, f"{_DOCS}/vpc/network-pricing"),
    "address": Price(0.005, "hour", 0, f"{_DOCS}/vpc/network-pricing"),
}


def cost(name: str, units: float, *, free: bool = False) -> float:
    """Dollars of so many units in a month; with `free`, beyond what is free."""
    price = PRICES[name]
    billed = max(0.0, units - price.free) if free else units
    return billed * price.per_unit
