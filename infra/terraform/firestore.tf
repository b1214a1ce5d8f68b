locals {
  declared = jsondecode(file("${path.module}/../firestore.indexes.json"))

  indexes = {
    for index in local.declared.indexes :
    join("~", concat([index.collectionGroup], [for field in index.fields : "${field.fieldPath}.${try(lower(field.order), lower(field.arrayConfig))}"])) => index
  }

  fields = {
    for field in local.declared.fieldOverrides : "${field.collectionGroup}~${field.fieldPath}" => field
  }
}

resource "google_firestore_database" "this" {
  name                              = local.prefix
  location_id                       = var.region
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "OPTIMISTIC"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = var.protect ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.protect ? "ABANDON" : "DELETE"

  dynamic "cmek_config" {
    for_each = var.kms_key == null ? [] : [var.kms_key]

    content {
      kms_key_name = cmek_config.value
    }
  }

  depends_on = [google_project_service.api]
}

resource "google_firestore_backup_schedule" "daily" {
  database  = google_firestore_database.this.name
  retention = "1209600s"

  daily_recurrence {}
}

resource "google_firestore_index" "index" {
  for_each = local.indexes

  database    = google_firestore_database.this.name
  collection  = each.value.collectionGroup
  query_scope = each.value.queryScope

  dynamic "fields" {
    for_each = each.value.fields

    content {
      field_path   = fields.value.fieldPath
      order        = try(fields.value.order, null)
      array_config = try(fields.value.arrayConfig, null)
    }
  }
}

# What expires, and maps whose many fields nobody asks for.
resource "google_firestore_field" "field" {
  for_each = local.fields

  database   = google_firestore_database.this.name
  collection = each.value.collectionGroup
  field      = each.value.fieldPath

  dynamic "ttl_config" {
    for_each = try(each.value.ttl, false) ? [1] : []

    content {}
  }

  dynamic "index_config" {
    for_each = can(each.value.indexes) ? [each.value.indexes] : []

    content {
      dynamic "indexes" {
        for_each = index_config.value

        content {
          order        = try(indexes.value.order, null)
          array_config = try(indexes.value.arrayConfig, null)
          query_scope  = try(indexes.value.queryScope, "COLLECTION")
        }
      }
    }
  }
}
