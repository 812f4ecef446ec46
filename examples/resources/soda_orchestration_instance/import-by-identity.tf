import {
  to = soda_orchestration_instance.volume
  identity = {
    id = "2723347b-9af8-451a-a7f8-62d40b10ad6f"
  }
}
