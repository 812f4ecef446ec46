# terraform test, with the environment of a sandbox that has loaded pack/.
variables {
  host_id = "7a5a2d4e-9f0c-4c5e-8d0b-2f6f3c1b9a10"
}

run "everything_succeeds" {
  assert {
    condition     = alltrue([for status in values(output.statuses) : status == "Success"])
    error_message = "Some run has not succeeded: ${jsonencode(output.statuses)}"
  }
}
