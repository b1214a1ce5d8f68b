# The end of every execution of our jobs, as a message to reconcile: a hint
# that may come late or never.
resource "google_logging_project_sink" "ended" {
  name                   = "${local.prefix}-execution-ended"
  destination            = "pubsub.googleapis.com/${google_pubsub_topic.topic["execution.ended"].id}"
  unique_writer_identity = true

  filter = <<-EOT
    logName="projects/${var.project}/logs/cloudaudit.googleapis.com%2Fsystem_event"
    resource.type="cloud_run_job"
    resource.labels.location="${var.region}"
    resource.labels.job_name=~"^${local.prefix}-"
    protoPayload.methodName="/Jobs.RunJob"
  EOT
}

resource "google_pubsub_topic_iam_member" "sink" {
  topic  = google_pubsub_topic.topic["execution.ended"].name
  role   = "roles/pubsub.publisher"
  member = google_logging_project_sink.ended.writer_identity
}

# The lines of our jobs, and no others, for those who show them.
resource "google_logging_log_view" "jobs" {
  name     = replace("${local.prefix}-jobs", "-", "_")
  bucket   = "_Default"
  location = "global"
  parent   = "projects/${var.project}"
  filter   = "SOURCE(\"projects/${var.project}\") AND resource.type = \"cloud_run_job\""
}
