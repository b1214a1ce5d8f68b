locals {
  # Every topic, by the name that the code gives it.
  topics = toset([
    "batch.changed",
    "batch.continued",
    "champion.changed",
    "dataset.requested",
    "dead-letter",
    "execution.ended",
    "experiment.changed",
    "experiment.requested",
    "notification.due",
    "object.datasets",
    "object.metadata",
    "object.signals",
    "object.uploads",
    "queue.changed",
    "ranking.changed",
    "timer.costs",
    "timer.sweep",
    "training.prepared",
    "training.requested",
  ])

  # Prefixes whose finished objects are announced, as the code names them:
  # what a run writes elsewhere wakes nobody.
  notifications = {
    "object.uploads"  = { bucket = "uploads", prefix = "" }
    "object.datasets" = { bucket = "data", prefix = "datasets/" }
    "object.metadata" = { bucket = "data", prefix = "metadata/" }
    "object.signals"  = { bucket = "data", prefix = "signals/" }
  }
}

resource "google_pubsub_topic" "topic" {
  for_each = local.topics

  name                       = "${local.prefix}.${each.value}"
  kms_key_name               = var.kms_key
  message_retention_duration = "604800s"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_project_service.api]
}

resource "google_storage_notification" "finished" {
  for_each = local.notifications

  bucket             = google_storage_bucket.bucket[each.value.bucket].name
  topic              = google_pubsub_topic.topic[each.key].id
  payload_format     = "JSON_API_V1"
  event_types        = ["OBJECT_FINALIZE"]
  object_name_prefix = each.value.prefix

  depends_on = [google_pubsub_topic_iam_member.storage]
}

resource "google_pubsub_topic_iam_member" "storage" {
  for_each = local.notifications

  topic  = google_pubsub_topic.topic[each.key].name
  role   = "roles/pubsub.publisher"
  member = local.agents.storage
}
