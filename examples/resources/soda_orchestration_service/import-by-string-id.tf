import {
  to = soda_orchestration_service.provision
  id = "d8360a8a-6c5e-4533-a18a-b446db8caac8"
}
