locals {
  # Written through the API or the command line, never by Terraform: no
  # version, hence no value, is ever in its state.
  secrets = toset([
    "snowflake-key",
    "snowflake-key-passphrase",
    "snowflake-password",
  ])
}

resource "google_secret_manager_secret" "secret" {
  for_each = local.secrets

  secret_id = "${local.prefix}-${each.value}"

  replication {
    user_managed {
      replicas {
        location = var.region

        dynamic "customer_managed_encryption" {
          for_each = var.kms_key == null ? [] : [var.kms_key]

          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }

  depends_on = [google_project_service.api]
}
