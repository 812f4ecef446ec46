# terraform test, with the environment of a sandbox.
run "the_volumes_are_attached" {
  assert {
    condition     = output.volumes == { logs = "shop-logs: 1 GB, inUse", data = "shop-data: 2 GB, inUse" }
    error_message = jsonencode(output.volumes)
  }
}

# Nothing is started for a plan.
run "a_broken_size_is_refused" {
  command = plan

  module {
    source = "./volume"
  }

  variables {
    name = "shop-logs"
    size = 1.5
    host = "host-1"
  }

  expect_failures = [var.size]
}
