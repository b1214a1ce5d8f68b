# The repository's pipeline signs in without a key: its own token, of this
# repository and this branch only, stands for the deployer.
locals {
  deploys = var.github_repository == null ? 0 : 1

  deployer_roles = toset([
    "roles/artifactregistry.admin",
    "roles/cloudfunctions.admin",
    "roles/cloudscheduler.admin",
    "roles/compute.networkAdmin",
    "roles/datastore.owner",
    "roles/iam.roleAdmin",
    "roles/iam.serviceAccountAdmin",
    "roles/iap.admin",
    "roles/logging.configWriter",
    "roles/monitoring.admin",
    "roles/pubsub.admin",
    "roles/resourcemanager.projectIamAdmin",
    "roles/run.admin",
    "roles/secretmanager.admin",
    "roles/serviceusage.serviceUsageAdmin",
    "roles/storage.admin",
  ])
}

resource "google_iam_workload_identity_pool" "github" {
  count = local.deploys

  workload_identity_pool_id = "${local.prefix}-github"
  display_name              = "GitHub for ${local.prefix}"

  depends_on = [google_project_service.api]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  count = local.deploys

  workload_identity_pool_id          = google_iam_workload_identity_pool.github[0].workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = "GitHub Actions"

  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.repository" = "assertion.repository"
    "attribute.ref"        = "assertion.ref"
  }
  attribute_condition = "assertion.repository == '${var.github_repository}' && assertion.ref == 'refs/heads/${var.deploy_branch}'"

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account" "deployer" {
  count = local.deploys

  account_id   = "${local.prefix}-deployer"
  display_name = "Deploys ${local.prefix} from ${var.github_repository}"
}

resource "google_service_account_iam_member" "deployer" {
  count = local.deploys

  service_account_id = google_service_account.deployer[0].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github[0].name}/attribute.repository/${var.github_repository}"
}

resource "google_project_iam_member" "deployer" {
  for_each = local.deploys == 1 ? local.deployer_roles : toset([])

  project = var.project
  role    = each.value
  member  = google_service_account.deployer[0].member
}

# It hands these accounts, and no others, to what it deploys.
resource "google_service_account_iam_member" "deployer_uses" {
  for_each = local.deploys == 1 ? merge(
    { for name, account in google_service_account.function : "function.${name}" => account.name },
    { for name, account in google_service_account.job : "job.${name}" => account.name },
    { build = google_service_account.build.name, push = google_service_account.push.name },
  ) : {}

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.deployer[0].member
}
