# The repository's pipeline signs in without a key: its own token, of this
# repository and this branch only, stands for the deployer. It puts out new
# code: archives, images, and what runs them. Rights, topics, buckets and the
# like are a person's to change: the pipeline only reads them, to plan.
locals {
  deploys = var.github_repository == null ? 0 : 1

  deploying_refs = join(" || ", [
    for branch in var.deploy_branches : endswith(branch, "*") ?
    "assertion.ref.startsWith('refs/heads/${trimsuffix(branch, "*")}')" :
    "assertion.ref == 'refs/heads/${branch}'"
  ])

  deployer_permissions = [
    "artifactregistry.repositories.get",
    "artifactregistry.repositories.getIamPolicy",
    "bigquery.tables.get",
    "bigquery.tables.getIamPolicy",
    "cloudfunctions.functions.get",
    "cloudfunctions.functions.getIamPolicy",
    "cloudfunctions.functions.list",
    "cloudfunctions.functions.sourceCodeSet",
    "cloudfunctions.functions.update",
    "cloudfunctions.operations.get",
    "cloudscheduler.jobs.get",
    "compute.addresses.get",
    "compute.networks.get",
    "compute.routers.get",
    "compute.subnetworks.get",
    "datastore.backupSchedules.get",
    "datastore.databases.get",
    "datastore.databases.getMetadata",
    "datastore.indexes.get",
    "datastore.indexes.list",
    "iam.roles.get",
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.getIamPolicy",
    "iam.workloadIdentityPoolProviders.get",
    "iam.workloadIdentityPools.get",
    "iap.webServices.getIamPolicy",
    "logging.logMetrics.get",
    "logging.sinks.get",
    "logging.views.get",
    "monitoring.alertPolicies.get",
    "monitoring.dashboards.get",
    "monitoring.notificationChannels.get",
    "monitoring.uptimeCheckConfigs.get",
    "pubsub.subscriptions.get",
    "pubsub.subscriptions.getIamPolicy",
    "pubsub.topics.get",
    "pubsub.topics.getIamPolicy",
    "resourcemanager.projects.get",
    "resourcemanager.projects.getIamPolicy",
    "run.jobs.get",
    "run.jobs.getIamPolicy",
    "run.jobs.list",
    "run.jobs.update",
    "run.operations.get",
    "run.revisions.get",
    "run.revisions.list",
    "run.services.get",
    "run.services.getIamPolicy",
    "run.services.list",
    "run.services.update",
    "secretmanager.secrets.get",
    "secretmanager.secrets.getIamPolicy",
    "serviceusage.services.get",
    "serviceusage.services.list",
    "serviceusage.services.use",
    "storage.buckets.get",
    "storage.buckets.getIamPolicy",
  ]
}

resource "google_iam_workload_identity_pool" "github" {
  count = local.deploys

  workload_identity_pool_id = "${local.prefix}-github"
  display_name              = "GitHub for ${local.prefix}"

  depends_on = [google_project_service.api]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  # checkov:skip=CKV_GCP_125: the condition names one repository and its deploying branches; checkov does not read the variables in it
  count = local.deploys

  workload_identity_pool_id          = google_iam_workload_identity_pool.github[0].workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = "GitHub Actions"

  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.repository" = "assertion.repository"
    "attribute.ref"        = "assertion.ref"
  }
  attribute_condition = "assertion.repository == '${var.github_repository}' && (${local.deploying_refs})"

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

resource "google_project_iam_custom_role" "deployer" {
  count = local.deploys

  role_id     = replace("${local.prefix}-deployer", "-", "_")
  title       = "${local.prefix} deployer"
  permissions = local.deployer_permissions
}

resource "google_project_iam_member" "deployer" {
  count = local.deploys

  project = var.project
  role    = google_project_iam_custom_role.deployer[0].name
  member  = google_service_account.deployer[0].member
}

resource "google_storage_bucket_iam_member" "deployer" {
  count = local.deploys

  bucket = google_storage_bucket.bucket["artifacts"].name
  role   = "roles/storage.objectUser"
  member = google_service_account.deployer[0].member
}

resource "google_artifact_registry_repository_iam_member" "deployer" {
  count = local.deploys

  repository = google_artifact_registry_repository.images.name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.deployer[0].member
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
