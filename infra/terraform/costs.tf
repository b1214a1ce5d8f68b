# The billing export, read-only: the one thing that environments share.
locals {
  export = var.billing_export == null ? null : split(".", var.billing_export)
}

resource "google_bigquery_table_iam_member" "costs" {
  count = var.billing_export == null ? 0 : 1

  project    = local.export[0]
  dataset_id = local.export[1]
  table_id   = local.export[2]
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.function["costs"].member
}

resource "google_project_iam_member" "costs" {
  count = var.billing_export == null ? 0 : 1

  project = var.project
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.function["costs"].member
}
