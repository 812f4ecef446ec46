import {
  to = soda_stackstorm_action.greet
  id = "opensds.greet"
}
