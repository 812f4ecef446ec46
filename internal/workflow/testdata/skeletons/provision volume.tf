resource "soda_orchestration_instance" "provision_volume" {
  service_id = soda_orchestration_service.provision_volume.id
  name       = "provision volume"
  action     = "opensds.provision-volume"

  parameters = {
    # Host id to attach volume. A string.
    host_id = "host-id"

    # Name of volume for provision. A string.
    name = "name"

    # Profile ID to create volume. "" is the default profile. Without it the run fails. A string.
    profile_id = ""

    # Size of volume in GB. A whole number.
    size = 1

    # Attach Mode 'ro' or 'rw' to attach volume. A string. Optional.
    # attach_mode = "rw"

    # Availablity Zone to create volume. A string. Optional.
    # availability_zone = "default"

    # Description in any. A string. Optional.
    # description = "description"

    # Snapshot ID to create volume. A string. Optional.
    # snapshot_id = "snapshot-id"
  }
}
