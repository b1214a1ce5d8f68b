locals {
  timers = {
    "timer.sweep" = { schedule = "*/10 * * * *", says = "What any lost event left behind" }
    "timer.costs" = { schedule = "15 6 * * *", says = "The costs of the days before" }
  }
}

resource "google_cloud_scheduler_job" "timer" {
  for_each = local.timers

  name        = replace("${local.prefix}-${each.key}", ".", "-")
  region      = var.region
  description = each.value.says
  schedule    = each.value.schedule
  time_zone   = "Etc/UTC"

  pubsub_target {
    topic_name = google_pubsub_topic.topic[each.key].id
    data       = base64encode("{}")
  }

  depends_on = [google_project_service.api]
}
