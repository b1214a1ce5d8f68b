resource "google_artifact_registry_repository" "images" {
  repository_id          = local.prefix
  location               = var.region
  format                 = "DOCKER"
  description            = "Images of the workers and of the functions' builds"
  kms_key_name           = var.kms_key
  cleanup_policy_dry_run = false

  docker_config {
    immutable_tags = true
  }

  # Executions pin digests: what a rollback needs is kept by count.
  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"

    most_recent_versions {
      keep_count = 10
    }
  }

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"

    condition {
      tag_state  = "ANY"
      older_than = "2592000s"
    }
  }

  depends_on = [google_project_service.api]
}
