data "google_billing_account" "this" {
  count = var.budget == null ? 0 : 1

  billing_account = var.budget.billing_account
}

# Says, never stops: what stops runs is a queue's daily cap.
resource "google_billing_budget" "monthly" {
  count = var.budget == null ? 0 : 1

  billing_account = data.google_billing_account.this[0].id
  display_name    = "${local.prefix} a month"

  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
    labels   = { environment = var.environment }
  }

  amount {
    specified_amount {
      currency_code = var.budget.currency
      units         = tostring(var.budget.amount)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]

    content {
      threshold_percent = threshold_rules.value
    }
  }

  all_updates_rule {
    monitoring_notification_channels = [for channel in google_monitoring_notification_channel.mail : channel.id]
    disable_default_iam_recipients   = length(var.alert_mails) > 0
  }
}
