# terraform test, with the environment of a sandbox that has loaded pack/.
run "everything_succeeds" {
  assert {
    condition     = alltrue([for status in values(output.statuses) : status == "Success"])
    error_message = "Some run has not succeeded: ${jsonencode(output.statuses)}"
  }

  assert {
    condition     = output.seen == ["demo-volume inUse at host-1", "demo-migration 3 of 3 objects"]
    error_message = "Hotpot and gelato say ${jsonencode(output.seen)}."
  }
}
