data "soda_multicloud_jobs" "archive" {
  plan_name = "archive-1"
}

# How many objects gelato is done with. It counts copies that were refused too,
# so look into the destination bucket before you let go of the source.
output "migrated" {
  value = [for j in data.soda_multicloud_jobs.archive.jobs : "${j.status}: ${j.passed_count} of ${j.total_count} objects"]
}
