# The grants that access.tf asks for, each on the one resource that it names.
locals {
  accounts = merge(google_service_account.function, google_service_account.job)

  # A table entry for each resource that it stands for.
  wanted = flatten([
    for who, entries in local.access : [
      for entry in entries : [
        for on in(
          entry.on == "topic:*" ? [for topic in local.topics : "topic:${topic}"] :
          entry.on == "jobs" ? [for job in keys(local.engine_jobs) : "job:${job}"] :
          entry.on == "steps" ? [for step in keys(local.step_jobs) : "job:${step}"] :
          [entry.on]
        ) : { who = who, kind = split(":", on)[0], name = join(":", slice(split(":", on), 1, length(split(":", on)))), may = entry.may }
      ]
    ]
  ])

  grants = { for grant in distinct(local.wanted) : "${grant.who}.${grant.may}.${grant.kind}:${grant.name}" => grant }

  object_roles = {
    read   = "roles/storage.objectViewer"
    create = "roles/storage.objectCreator"
    keep   = "roles/storage.objectUser"
  }

  secret_roles = {
    use  = "roles/secretmanager.secretAccessor"
    save = google_project_iam_custom_role.keeper["secrets"].name
  }

  job_roles = {
    start = "roles/run.jobsExecutorWithOverrides"
    look  = google_project_iam_custom_role.keeper["look"].name
    stop  = google_project_iam_custom_role.keeper["stop"].name
  }
}

# What no predefined role is narrow enough for.
resource "google_project_iam_custom_role" "keeper" {
  for_each = {
    look    = ["run.executions.get", "run.executions.list", "run.jobs.get"]
    stop    = ["run.executions.get", "run.executions.list", "run.executions.cancel", "run.jobs.get"]
    secrets = ["secretmanager.secrets.get", "secretmanager.secrets.update", "secretmanager.versions.add", "secretmanager.versions.destroy", "secretmanager.versions.disable", "secretmanager.versions.get", "secretmanager.versions.list"]
  }

  role_id     = replace("${local.prefix}-${each.key}", "-", "_")
  title       = "${local.prefix} ${each.key}"
  permissions = each.value
}

# Firestore knows no grant on a database: the condition names ours.
resource "google_project_iam_member" "documents" {
  for_each = { for key, grant in local.grants : key => grant if grant.kind == "documents" }

  project = var.project
  role    = "roles/datastore.user"
  member  = local.accounts[each.value.who].member

  condition {
    title      = "${local.prefix} only"
    expression = "resource.name == \"projects/${var.project}/databases/${google_firestore_database.this.name}\""
  }
}

resource "google_storage_bucket_iam_member" "objects" {
  for_each = { for key, grant in local.grants : key => grant if contains(keys(local.buckets), grant.kind) }

  bucket = google_storage_bucket.bucket[each.value.kind].name
  role   = local.object_roles[each.value.may]
  member = local.accounts[each.value.who].member

  dynamic "condition" {
    for_each = each.value.name == "" ? [] : [each.value.name]

    content {
      title = "under ${condition.value}"
      expression = join(" || ", [
        "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.bucket[each.value.kind].name}/objects/${condition.value}\")",
        "api.getAttribute(\"storage.googleapis.com/objectListPrefix\", \"\").startsWith(\"${condition.value}\")",
      ])
    }
  }
}

resource "google_pubsub_topic_iam_member" "publishes" {
  for_each = { for key, grant in local.grants : key => grant if grant.kind == "topic" }

  topic  = google_pubsub_topic.topic[each.value.name].name
  role   = "roles/pubsub.publisher"
  member = local.accounts[each.value.who].member
}

resource "google_cloud_run_v2_job_iam_member" "jobs" {
  for_each = { for key, grant in local.grants : key => grant if grant.kind == "job" }

  name     = google_cloud_run_v2_job.job[each.value.name].name
  location = var.region
  role     = local.job_roles[each.value.may]
  member   = local.accounts[each.value.who].member
}

# Starting a job hands it the worker's account.
resource "google_service_account_iam_member" "starts" {
  for_each = {
    for pair in distinct([
      for grant in values(local.grants) : { who = grant.who, worker = local.jobs[grant.name].account }
      if grant.kind == "job" && grant.may == "start"
    ]) : "${pair.who}.${pair.worker}" => pair
  }

  service_account_id = google_service_account.job[each.value.worker].name
  role               = "roles/iam.serviceAccountUser"
  member             = local.accounts[each.value.who].member
}

resource "google_secret_manager_secret_iam_member" "secrets" {
  for_each = { for key, grant in local.grants : key => grant if grant.kind == "secret" }

  secret_id = google_secret_manager_secret.secret[each.value.name].id
  role      = local.secret_roles[each.value.may]
  member    = local.accounts[each.value.who].member
}

resource "google_service_account_iam_member" "signs" {
  for_each = { for key, grant in local.grants : key => grant if grant.kind == "itself" }

  service_account_id = local.accounts[each.value.who].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.accounts[each.value.who].member
}

resource "google_project_iam_member" "logs" {
  for_each = { for key, grant in local.grants : key => grant if grant.kind == "logs" }

  project = var.project
  role    = "roles/logging.viewAccessor"
  member  = local.accounts[each.value.who].member

  condition {
    title      = "the lines of jobs only"
    expression = "resource.name == \"projects/${var.project}/locations/global/buckets/_Default/views/${google_logging_log_view.jobs.name}\""
  }
}
