locals {
  buckets = {
    uploads   = { versioning = false }
    data      = { versioning = true }
    artifacts = { versioning = true }
  }

  # Age in days at which objects under the prefixes are deleted.
  expiry = {
    uploads   = var.retention_days.uploads > 0 ? { (var.retention_days.uploads) = [""] } : {}
    data      = var.retention_days.runs > 0 ? { (var.retention_days.runs) = ["robyn/", "signals/"] } : {}
    artifacts = {}
  }
}

resource "google_storage_bucket" "bucket" {
  # checkov:skip=CKV_GCP_62: Cloud Audit Logs say who read and wrote; usage logs would need a bucket of their own
  # checkov:skip=CKV_GCP_78: uploads are copied into immutable datasets; what the others hold is versioned
  for_each = local.buckets

  name                        = "${var.project}-${local.prefix}-${each.key}"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.protect

  versioning {
    enabled = each.value.versioning
  }

  # A deleted object can be brought back for a week.
  soft_delete_policy {
    retention_duration_seconds = 604800
  }

  dynamic "encryption" {
    for_each = var.kms_key == null ? [] : [var.kms_key]

    content {
      default_kms_key_name = encryption.value
    }
  }

  dynamic "lifecycle_rule" {
    for_each = local.expiry[each.key]

    content {
      action {
        type = "Delete"
      }
      condition {
        age            = lifecycle_rule.key
        matches_prefix = lifecycle_rule.value
      }
    }
  }

  # What was replaced: a manifest pins generations, which are never written
  # over in a run's folder.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = 30
      with_state                 = "ARCHIVED"
    }
  }

  # Uploads that were begun and never finished.
  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 1
    }
  }

  # By a signed address: dropped files, and annotations.
  dynamic "cors" {
    for_each = contains(["uploads", "data"], each.key) ? [1] : []

    content {
      origin          = [local.url.page]
      method          = ["PUT"]
      response_header = ["Content-Type", "x-goog-content-length-range"]
      max_age_seconds = 600
    }
  }

  depends_on = [google_project_service.api]
}

# The source that the functions are built from: named by its own hash, kept
# for a rollback.
resource "google_storage_bucket_object" "archive" {
  bucket = google_storage_bucket.bucket["artifacts"].name
  name   = "functions/${basename(var.archive)}"
  source = var.archive
}
