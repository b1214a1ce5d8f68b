# One account for each function and each kind of worker.
locals {
  function_accounts = toset(concat(keys(local.functions), ["page"]))
  job_accounts      = toset(["native", "robyn", "extract-job", "ingest-job", "prepare-job"])
}

resource "google_service_account" "function" {
  for_each = local.function_accounts

  account_id   = "${local.prefix}-${each.value}"
  display_name = "Function ${each.value} of ${local.prefix}"

  depends_on = [google_project_service.api]
}

resource "google_service_account" "job" {
  for_each = local.job_accounts

  account_id   = "${local.prefix}-${each.value}"
  display_name = "Worker ${each.value} of ${local.prefix}"

  depends_on = [google_project_service.api]
}

resource "google_service_account" "build" {
  account_id   = "${local.prefix}-build"
  display_name = "Builds the functions of ${local.prefix}"

  depends_on = [google_project_service.api]
}

# What building a function takes: its log, its source, its image.
resource "google_project_iam_member" "build" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}

resource "google_storage_bucket_iam_member" "build" {
  bucket = google_storage_bucket.bucket["artifacts"].name
  role   = "roles/storage.objectViewer"
  member = google_service_account.build.member
}

resource "google_artifact_registry_repository_iam_member" "build" {
  repository = google_artifact_registry_repository.images.name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}
