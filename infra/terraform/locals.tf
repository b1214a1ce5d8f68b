data "google_project" "this" {}

locals {
  prefix = "mmmflow-${var.environment}"

  labels = {
    application = "mmmflow"
    environment = var.environment
  }

  # Known before anything is made: Cloud Run names a service's address so.
  url = {
    for name in ["api", "page"] : name => "https://${local.prefix}-${name}-${data.google_project.this.number}.${var.region}.run.app"
  }

  # Accounts of the platform that act for us.
  agents = {
    pubsub  = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
    storage = "serviceAccount:${data.google_storage_project_service_account.this.email_address}"
    iap     = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-iap.iam.gserviceaccount.com"
  }
}

data "google_storage_project_service_account" "this" {}
