data "soda_multicloud_plan" "archive" {
  name = "archive-1"
}

# Gelato deletes the source's objects, copied or not, if this is false.
output "source_is_kept" {
  value = data.soda_multicloud_plan.archive.remain_source
}
