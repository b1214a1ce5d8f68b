# What a person is told of. Each alert's documentation names its paragraph in
# docs/operate.md, which says what it means and what to do.
resource "google_monitoring_notification_channel" "mail" {
  for_each = toset(var.alert_mails)

  display_name = "${local.prefix}: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
}

locals {
  # Lines that the functions write, counted.
  counted_lines = {
    buried = {
      says   = "a message was buried"
      filter = "labels.event=\"buried\""
    }
    failed = {
      says   = "an experiment failed for good"
      filter = "labels.event=\"experiment.changed\" AND labels.state=\"FAILED\""
    }
    ended = {
      says   = "an experiment ended"
      filter = "labels.event=\"experiment.changed\" AND labels.state=(\"SUCCEEDED\" OR \"FAILED\" OR \"SKIPPED\")"
    }
    silent = {
      says   = "a worker never started"
      filter = "labels.event=\"silent\""
    }
    overdue = {
      says   = "a run went on after its time limit"
      filter = "labels.event=\"overdue\""
    }
    swept = {
      says   = "sweep has been round"
      filter = "labels.event=\"swept\""
    }
  }
}

resource "google_logging_metric" "lines" {
  for_each = local.counted_lines

  name        = "${local.prefix}/${each.key}"
  description = "How often ${each.value.says}"
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=~\"^${local.prefix}-\" AND ${each.value.filter}"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

resource "google_monitoring_alert_policy" "buried" {
  display_name          = "${local.prefix}: a message was buried"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = [for channel in google_monitoring_notification_channel.mail : channel.id]

  conditions {
    display_name = "Dead letters are not empty"

    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.lines["buried"].name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = "See docs/operate.md, 'A message was buried'."
  }
}

resource "google_monitoring_alert_policy" "overdue" {
  display_name          = "${local.prefix}: a run is overdue"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = [for channel in google_monitoring_notification_channel.mail : channel.id]

  conditions {
    display_name = "Runs that go on after their time limit"

    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.lines["overdue"].name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "3600s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = "See docs/operate.md, 'A run is overdue'."
  }
}

resource "google_monitoring_alert_policy" "failures" {
  display_name          = "${local.prefix}: many experiments fail"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = [for channel in google_monitoring_notification_channel.mail : channel.id]

  conditions {
    display_name = "More than a fifth of an hour's experiments failed"

    condition_threshold {
      filter             = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.lines["failed"].name}\""
      denominator_filter = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.lines["ended"].name}\""
      comparison         = "COMPARISON_GT"
      threshold_value    = 0.2
      duration           = "0s"

      aggregations {
        alignment_period     = "3600s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }

      denominator_aggregations {
        alignment_period     = "3600s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = "See docs/operate.md, 'Many experiments fail'."
  }
}

resource "google_monitoring_alert_policy" "not_swept" {
  display_name          = "${local.prefix}: sweep does not run"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = [for channel in google_monitoring_notification_channel.mail : channel.id]

  conditions {
    display_name = "No round of sweep in half an hour"

    condition_absent {
      filter   = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.lines["swept"].name}\""
      duration = "1800s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = "See docs/operate.md, 'Sweep does not run'."
  }
}

resource "google_monitoring_dashboard" "flow" {
  dashboard_json = jsonencode({
    displayName = local.prefix
    mosaicLayout = {
      columns = 12
      tiles = [
        for index, name in sort(keys(local.counted_lines)) : {
          xPos   = 4 * (index % 3)
          yPos   = 4 * floor(index / 3)
          width  = 4
          height = 4
          widget = {
            title = "How often ${local.counted_lines[name].says}"
            xyChart = {
              dataSets = [{
                plotType = "STACKED_BAR"
                timeSeriesQuery = {
                  timeSeriesFilter = {
                    filter = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.lines[name].name}\""
                    aggregation = {
                      alignmentPeriod    = "3600s"
                      perSeriesAligner   = "ALIGN_SUM"
                      crossSeriesReducer = "REDUCE_SUM"
                    }
                  }
                }
              }]
            }
          }
        }
      ]
    }
  })
}

# The page refuses whoever is not known, and by that shows that it is up.
resource "google_monitoring_uptime_check_config" "api" {
  display_name = "${local.prefix}: the API answers"
  period       = "900s"
  timeout      = "30s"

  http_check {
    path         = "/api/v1/health"
    port         = 443
    use_ssl      = true
    validate_ssl = true

    accepted_response_status_codes {
      status_value = 401
    }
    accepted_response_status_codes {
      status_value = 403
    }
  }

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project
      host       = trimprefix(local.url.api, "https://")
    }
  }
}

resource "google_monitoring_alert_policy" "api_down" {
  display_name          = "${local.prefix}: the API does not answer"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = [for channel in google_monitoring_notification_channel.mail : channel.id]

  conditions {
    display_name = "The uptime check fails"

    condition_threshold {
      filter          = "resource.type=\"uptime_url\" AND metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id=\"${google_monitoring_uptime_check_config.api.uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "1800s"

      aggregations {
        alignment_period     = "900s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }

  documentation {
    content = "See docs/operate.md, 'The API does not answer'."
  }
}
