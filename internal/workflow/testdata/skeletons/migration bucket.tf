resource "soda_orchestration_instance" "migration_bucket" {
  service_id = soda_orchestration_service.migration_bucket.id
  name       = "migration bucket"
  action     = "opensds.migration-bucket"

  parameters = {
    # Description about the Bucket Migration Dataflow. A string.
    description = "description"

    # Destination Backend Storage. A string.
    destBackend = "destBackend"

    # Destination Bucket Name. A string.
    destBucketName = "destBucketName"

    # Name for the Bucket Migration Dataflow. A string.
    name = "name"

    # Value for keeping the source objects. True or false.
    remainSource = true

    # Source Bucket Name. A string.
    srcBucketName = "srcBucketName"

    # User ID. A string. Optional.
    # user_id = "user-id"
  }
}
