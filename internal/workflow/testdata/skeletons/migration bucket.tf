resource "soda_orchestration_instance" "migration_bucket" {
  service_id = soda_orchestration_service.migration_bucket.id
  name       = "migration bucket"
  action     = "opensds.migration-bucket"

  parameters = {
    # Description about the Bucket Migration Dataflow. A text.
    description = "description"

    # Destination Backend Storage. A text.
    destBackend = "destBackend"

    # Destination Bucket Name. A text.
    destBucketName = "destBucketName"

    # Name for the Bucket Migration Dataflow. A text.
    name = "name"

    # Value for keeping the source objects. True or false.
    remainSource = true

    # Source Bucket Name. A text.
    srcBucketName = "srcBucketName"

    # User ID. A text. Optional.
    # user_id = "user-id"
  }
}
