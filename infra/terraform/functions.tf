# One function an entry point of functions/main.py. Event functions are woken
# by push subscriptions of their own (subscriptions.tf), not by triggers.
locals {
  functions = {
    extract = {
      topics      = ["dataset.requested"]
      memory      = "1Gi"
      timeout     = 540
      instances   = 5
      concurrency = 1
      egress      = true
    }
    ingest = {
      topics      = ["object.uploads"]
      memory      = "1Gi"
      timeout     = 540
      instances   = 5
      concurrency = 1
    }
    prepare = {
      topics      = ["object.datasets", "object.metadata", "training.requested"]
      memory      = "2Gi"
      timeout     = 540
      instances   = 5
      concurrency = 1
    }
    enqueue = {
      topics      = ["experiment.requested", "batch.continued", "training.prepared"]
      memory      = "512Mi"
      timeout     = 540
      instances   = 5
      concurrency = 8
    }
    launch = {
      topics      = ["queue.changed"]
      memory      = "512Mi"
      timeout     = 120
      instances   = 5
      concurrency = 8
    }
    collect = {
      topics      = ["object.signals"]
      memory      = "512Mi"
      timeout     = 120
      instances   = 10
      concurrency = 8
    }
    rank = {
      topics      = ["ranking.changed"]
      memory      = "512Mi"
      timeout     = 540
      instances   = 1
      concurrency = 1
    }
    tally = {
      topics      = ["experiment.changed"]
      memory      = "512Mi"
      timeout     = 120
      instances   = 5
      concurrency = 16
    }
    notify = {
      topics      = ["experiment.changed", "champion.changed", "batch.changed", "notification.due"]
      memory      = "512Mi"
      timeout     = 120
      instances   = 5
      concurrency = 16
    }
    reconcile = {
      topics      = ["execution.ended"]
      memory      = "512Mi"
      timeout     = 120
      instances   = 5
      concurrency = 8
    }
    sweep = {
      topics      = ["timer.sweep"]
      memory      = "512Mi"
      timeout     = 540
      instances   = 1
      concurrency = 1
    }
    costs = {
      topics      = ["timer.costs"]
      memory      = "512Mi"
      timeout     = 540
      instances   = 1
      concurrency = 1
    }
    bury = {
      topics      = ["dead-letter"]
      memory      = "512Mi"
      timeout     = 120
      instances   = 2
      concurrency = 8
    }
    api = {
      topics      = []
      memory      = "512Mi"
      timeout     = 60
      instances   = 10
      concurrency = 40
    }
  }

  # Direct VPC egress and IAP are features of services, not of functions:
  # these two are services built from the same archive.
  built_as_service = toset(concat(["page"], var.static_egress ? ["extract"] : []))
}

resource "google_cloudfunctions2_function" "function" {
  for_each = { for name, function in local.functions : name => function if !contains(local.built_as_service, name) }

  name         = "${local.prefix}-${each.key}"
  location     = var.region
  description  = "Entry point ${each.key}"
  kms_key_name = var.kms_key

  build_config {
    runtime           = "python311"
    entry_point       = each.key
    service_account   = google_service_account.build.id
    docker_repository = google_artifact_registry_repository.images.id

    source {
      storage_source {
        bucket     = google_storage_bucket_object.archive.bucket
        object     = google_storage_bucket_object.archive.name
        generation = google_storage_bucket_object.archive.generation
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.function[each.key].email
    available_memory                 = each.value.memory
    available_cpu                    = "1"
    timeout_seconds                  = each.value.timeout
    min_instance_count               = 0
    max_instance_count               = each.value.instances
    max_instance_request_concurrency = each.value.concurrency
    ingress_settings                 = each.key == "api" ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
    environment_variables            = merge(local.environment_variables, lookup(local.own_variables, each.key, {}))
  }

  depends_on = [google_project_iam_member.build]
}
