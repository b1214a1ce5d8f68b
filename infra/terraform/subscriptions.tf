locals {
  # One subscription for each topic that wakes a function.
  subscriptions = merge([
    for function, settings in local.functions : {
      for topic in settings.topics : "${function}.${topic}" => {
        function = function
        topic    = topic
        buried   = function != "bury"
      }
    }
  ]...)

  # The address of the service behind each function, and behind extract where
  # it is a service.
  addresses = merge(
    { for name, function in google_cloudfunctions2_function.function : name => function.service_config[0].uri },
    { for name, service in google_cloud_run_v2_service.egress : name => service.uri },
  )
}

resource "google_pubsub_subscription" "push" {
  for_each = local.subscriptions

  name                       = "${local.prefix}.${each.key}"
  topic                      = google_pubsub_topic.topic[each.value.topic].id
  ack_deadline_seconds       = 600
  message_retention_duration = "604800s"

  push_config {
    # The topic stands in the path: an event's source is read from there.
    push_endpoint = "${local.addresses[each.value.function]}/${google_pubsub_topic.topic[each.value.topic].id}"

    oidc_token {
      service_account_email = google_service_account.push.email
      audience              = local.addresses[each.value.function]
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  # bury itself is asked for a week: there is nowhere left to put a message.
  dynamic "dead_letter_policy" {
    for_each = each.value.buried ? [1] : []

    content {
      dead_letter_topic     = google_pubsub_topic.topic["dead-letter"].id
      max_delivery_attempts = 10
    }
  }

  expiration_policy {
    ttl = ""
  }

  depends_on = [google_pubsub_topic_iam_member.dead_letter]
}

resource "google_service_account" "push" {
  account_id   = "${local.prefix}-push"
  display_name = "Pushes messages to the functions of ${local.prefix}"
}

resource "google_cloud_run_v2_service_iam_member" "push" {
  for_each = { for name, function in local.functions : name => function if length(function.topics) > 0 }

  name     = "${local.prefix}-${each.key}"
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.push.member

  depends_on = [
    google_cloudfunctions2_function.function,
    google_cloud_run_v2_service.egress,
  ]
}

# What Pub/Sub's own account needs: to sign the push token, to put what was
# given up into the dead-letter topic, and to take it from its subscription.
resource "google_service_account_iam_member" "push_token" {
  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.agents.pubsub
}

resource "google_pubsub_topic_iam_member" "dead_letter" {
  topic  = google_pubsub_topic.topic["dead-letter"].name
  role   = "roles/pubsub.publisher"
  member = local.agents.pubsub
}

resource "google_pubsub_subscription_iam_member" "dead_letter" {
  for_each = { for name, subscription in local.subscriptions : name => subscription if subscription.buried }

  subscription = google_pubsub_subscription.push[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.agents.pubsub
}
