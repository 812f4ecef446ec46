data "soda_orchestration_service" "migration" {
  name = "migration bucket"
}

# Type: terraform apply -invoke=action.soda_orchestration_run.archive
action "soda_orchestration_run" "archive" {
  config {
    service_id = data.soda_orchestration_service.migration.id
    name       = "archive"
    parameters = {
      name           = "archive-${formatdate("YYYYMMDDhhmmss", plantimestamp())}" # gelato keeps each name
      description    = "Copies the reports"
      srcBucketName  = "source-bucket"
      destBucketName = "archive-bucket"
      destBackend    = "backend-dst"
      remainSource   = true
    }
    timeouts = {
      invoke = "4h"
    }
  }
}

# Or run it whenever something else changes.
resource "terraform_data" "release" {
  input = "1.4.0"

  lifecycle {
    action_trigger {
      events  = [after_update]
      actions = [action.soda_orchestration_run.archive]
    }
  }
}
