"""Data by HTTP: extracts, uploads, quality, rows, mappings."""

import json
from typing import Any

import pytest
from mmmflow import wiring
from mmmflow.steps.extract import extract
from mmmflow.steps.prepare import prepare

from tests import held_client
from tests.held_client import HeldClient
from tests.steps.world import MAPPING, WEEKS, World, table

V1 = "/api/v1"


@pytest.fixture
def client(world: World, monkeypatch: pytest.MonkeyPatch) -> HeldClient:
    monkeypatch.setattr(wiring, "ports", lambda: world.ports)
    return held_client.client()


def data(answer: Any) -> Any:
    assert answer.status_code < 300, answer.text
    return answer.json["data"]


def wheres(answer: Any) -> list[str]:
    assert answer.status_code == 400, answer.text
    return [problem["where"] for problem in answer.json["error"]["problems"]]


# Extracts

ASKED = {
    "source": {"table": "sales", "country_column": "market"},
    "countries": ["DE"],
}


def test_an_extract_is_asked_for_and_found_by_its_request(
    world: World, client: HeldClient
) -> None:
    world.put_table("sales", "DE")
    answer = client.post(f"{V1}/datasets", json=ASKED)
    assert answer.status_code == 202
    id = data(answer)["request_id"]
    assert client.get(f"{V1}/requests/{id}").status_code == 404
    (sent,) = world.sent("dataset.requested")
    assert sent["actor"] == "local"
    extract(world.message("dataset.requested", **sent), world.ports)
    shown = data(client.get(f"{V1}/requests/{id}"))
    assert shown["state"] == "ACCEPTED"
    (dataset,) = shown["made"]
    assert data(client.get(f"{V1}/datasets/{dataset}"))["country"] == "DE"


def test_the_same_extract_under_the_same_key_is_one(
    world: World, client: HeldClient
) -> None:
    world.put_table("sales", "DE")
    key = {"Idempotency-Key": "k"}
    first = data(client.post(f"{V1}/datasets", json=ASKED, headers=key))
    (sent,) = world.sent("dataset.requested")
    extract(world.message("dataset.requested", **sent), world.ports)
    again = client.post(f"{V1}/datasets", json=ASKED, headers=key)
    assert again.status_code == 200
    assert data(again) == first
    other = {**ASKED, "countries": ["FR"]}
    reused = client.post(f"{V1}/datasets", json=other, headers=key)
    assert reused.status_code == 409


@pytest.mark.parametrize(
    "changes",
    [
        {"source": {"query": "DROP TABLE x"}},
        {"source": {"table": "a; b"}},
        {"countries": []},
        {"countries": ["D E"]},
        {"train": {"experiment": {"trials": 0}}},
    ],
)
def test_an_extract_that_can_not_be_is_refused_at_once(
    world: World, client: HeldClient, changes: Any
) -> None:
    assert wheres(client.post(f"{V1}/datasets", json={**ASKED, **changes}))
    assert world.sent("dataset.requested") == []


# Datasets


def test_a_dataset_is_listed_with_its_quality_and_first_rows(
    world: World, client: HeldClient
) -> None:
    id = world.prepared()
    (listed,) = data(client.get(f"{V1}/datasets?country=DE"))["datasets"]
    assert (listed["id"], listed["state"]) == (id, "PREPARED")
    assert data(client.get(f"{V1}/datasets?country=FR"))["datasets"] == []
    quality = data(client.get(f"{V1}/datasets/{id}/quality"))
    assert quality["rows"] == WEEKS
    shown = data(client.get(f"{V1}/datasets/{id}/preview?rows=2"))
    assert shown["total"] == WEEKS
    assert [c["name"] for c in shown["columns"]] == [
        "day",
        "market",
        "revenue",
        "tv",
        "price",
    ]
    assert shown["rows"][0][:3] == ["2024-01-01", "DE", 1000]


def test_datasets_are_paged(world: World, client: HeldClient) -> None:
    for _ in range(3):
        world.clock.advance(1)
        world.prepared()
    found, after = [], ""
    while True:
        page = data(client.get(f"{V1}/datasets?limit=2{after}"))
        found += [dataset["id"] for dataset in page["datasets"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert found == sorted(found, reverse=True)
    assert len(found) == 3


@pytest.mark.parametrize(
    "path", ["datasets/x", "datasets/x/quality", "datasets/x/preview"]
)
def test_a_dataset_that_is_not_there_is_said(
    client: HeldClient, path: str
) -> None:
    assert client.get(f"{V1}/{path}").status_code == 404


# Uploads

UPLOAD = {
    "country": "DE",
    "file": "weekly.csv",
    "size": 100,
    "content_type": "text/csv",
}


def test_an_upload_is_signed_for_its_size(client: HeldClient) -> None:
    answer = client.post(f"{V1}/uploads", json=UPLOAD)
    assert answer.status_code == 201
    found = data(answer)
    assert (found["method"], found["name"]) == ("PUT", "DE/weekly.csv")
    assert "size_limit=100" in found["url"]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"size": 0}, "size"),
        ({"size": 3_000_000_000}, "size"),
        ({"file": "weekly.exe"}, "file"),
        ({"country": "../x"}, "country"),
        ({"content_type": "text/html"}, "content_type"),
    ],
)
def test_an_upload_that_is_none_is_refused(
    client: HeldClient, changes: Any, where: str
) -> None:
    answer = client.post(f"{V1}/uploads", json={**UPLOAD, **changes})
    assert wheres(answer) == [where]


ANNOTATIONS = {"country": "DE", "file": "strikes.csv", "size": 100}


def test_annotations_are_signed_for_their_place_and_size(
    client: HeldClient,
) -> None:
    answer = client.post(f"{V1}/annotations", json=ANNOTATIONS)
    assert answer.status_code == 201
    found = data(answer)
    assert found["name"] == "annotations/DE/strikes.csv"
    assert "size_limit=100" in found["url"]
    assert found["headers"] == {"Content-Type": "text/csv"}


def test_what_is_signed_is_a_name_that_an_experiment_may_give(
    client: HeldClient,
) -> None:
    name = data(client.post(f"{V1}/annotations", json=ANNOTATIONS))["name"]
    body = {"experiment": {"country": "DE", "annotations": {"name": name}}}
    answer = client.post(f"{V1}/experiments", json=body)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"size": 0}, "size"),
        ({"size": 20 * 2**20 + 1}, "size"),
        ({"file": "strikes.xlsx"}, "file"),
        ({"file": "../strikes.csv"}, "file"),
        ({"country": "../x"}, "country"),
    ],
)
def test_annotations_that_are_none_are_refused(
    client: HeldClient, changes: Any, where: str
) -> None:
    answer = client.post(f"{V1}/annotations", json={**ANNOTATIONS, **changes})
    assert wheres(answer) == [where]


# Mappings

SAVED = {"scope": "universal", "version": "v1", "mapping": MAPPING}


def test_a_mapping_is_saved_taken_up_and_shown(
    world: World, client: HeldClient
) -> None:
    assert client.post(f"{V1}/mappings", json=SAVED).status_code == 201
    name = "metadata/universal/v1/mapping.json"
    assert world.read(name) == MAPPING
    info = world.ports.data.stat(name)
    assert info is not None
    prepare(world.put(name, json.dumps(MAPPING).encode()), world.ports)
    assert data(client.get(f"{V1}/mappings?scope=DE"))["mappings"] == []
    (listed,) = data(client.get(f"{V1}/mappings?scope=universal"))["mappings"]
    assert (listed["id"], listed["state"]) == ("universal~v1", "ACCEPTED")
    shown = data(client.get(f"{V1}/mappings/universal/v1"))
    assert shown["content"]["date"] == "day"
    assert client.get(f"{V1}/mappings/DE/v1").status_code == 404


def test_who_saved_a_mapping_is_stored(
    world: World, client: HeldClient
) -> None:
    client.post(f"{V1}/mappings", json=SAVED)
    (request,) = world.all("requests")
    assert (request["kind"], request["actor"]) == ("mapping", "local")
    assert request["made"] == ["universal~v1"]


def test_a_version_of_a_mapping_stays_what_it_is(client: HeldClient) -> None:
    client.post(f"{V1}/mappings", json=SAVED)
    assert client.post(f"{V1}/mappings", json=SAVED).status_code == 200
    other = {**SAVED, "mapping": {**MAPPING, "country": None}}
    answer = client.post(f"{V1}/mappings", json=other)
    assert answer.status_code == 409


def test_a_mapping_that_is_none_is_not_saved(
    world: World, client: HeldClient
) -> None:
    wrong = {**SAVED, "mapping": {**MAPPING, "columns": {}}}
    assert wheres(client.post(f"{V1}/mappings", json=wrong))
    assert world.ports.data.list("metadata/") == []


def test_a_mapping_is_judged_by_itself_and_beside_a_dataset(
    world: World, client: HeldClient
) -> None:
    id = world.prepared()
    path = f"{V1}/mappings/validate"
    assert data(client.post(path, json=MAPPING))["valid"]
    fits = data(client.post(f"{path}?dataset_id={id}", json=MAPPING))
    assert fits["valid"]
    columns = {
        **MAPPING["columns"],
        "radio": {"category": "paid_spend", "channel": "radio"},
    }
    wider = {**MAPPING, "columns": columns}
    judged = data(client.post(f"{path}?dataset_id={id}", json=wider))
    assert not judged["valid"]
    assert judged["differences"][0]["column"] == "radio"
    broken = data(client.post(path, json={"date": 7}))
    assert not broken["valid"]
    assert broken["problems"]


def test_a_mapping_is_suggested_with_reasons(
    world: World, client: HeldClient
) -> None:
    id = world.prepared()
    answer = client.post(f"{V1}/mappings/suggest", json={"dataset_id": id})
    found = data(answer)
    assert found["mapping"]["date"] == "day"
    assert {choice["column"] for choice in found["choices"]} >= {"tv", "day"}


def test_two_mappings_are_told_apart(world: World, client: HeldClient) -> None:
    prepare(world.put_mapping("v1"), world.ports)
    changed = {**MAPPING, "country": None}
    prepare(world.put_mapping("v2", mapping=changed), world.ports)
    path = f"{V1}/mapping-changes?scope=universal&before=v1&after=v2"
    (change,) = data(client.get(path))["changes"]
    assert change["where"] == "country"
    assert wheres(client.get(f"{V1}/mapping-changes?scope=x"))


def test_metadata_is_a_countrys_mapping_and_newest_data(
    world: World, client: HeldClient
) -> None:
    id = world.prepared()
    for answer in (
        client.get(f"{V1}/metadata?country=DE"),
        client.post(f"{V1}/metadata", json={"country": "DE"}),
        client.get(f"{V1}/metadata?country=DE&version=v1"),
    ):
        shown = data(answer)
        assert shown["mapping"]["version"] == "v1"
        assert shown["dataset"]["id"] == id
    missing = client.get(f"{V1}/metadata?country=DE&version=v9")
    assert missing.status_code == 404
    assert wheres(client.get(f"{V1}/metadata"))


def test_the_preview_reads_what_json_can_not_hold(
    world: World, client: HeldClient
) -> None:
    from mmmflow.steps.ingest import ingest

    content = table("DE").replace(b",1000,", b",,")
    ingest(world.drop("DE/t.csv", content), world.ports)
    (dataset,) = world.all("datasets")
    shown = data(client.get(f"{V1}/datasets/{dataset['id']}/preview"))
    assert shown["rows"][0][2] is None
