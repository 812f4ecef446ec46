resource "soda_orchestration_instance" "data_analysis" {
  service_id = soda_orchestration_service.data_analysis.id
  name       = "data analysis"
  action     = "opensds.data-analysis"

  parameters = {
    # Data Analysis Egine Type. Only "aws emr" has an effect. A string.
    analysis_engine_type = "aws emr"

    # Destination Backend Storage Name. A string.
    dest_backend_name = "dest-backend-name"

    # Destination Bucket Name. A string.
    dest_bucket_name = "dest-bucket-name"

    # Instance Name, Will Be Used To Create Migration Plan. A string.
    name = "name"

    # Source Bucket Name. A string.
    src_bucket_name = "src-bucket-name"

    # User ID. A string. Optional.
    # user_id = "user-id"
  }

  parameters_wo = {
    # Arguments Used for Data Analysis. Contains AWS keys. An object.
    analysis_args = {
      AK           = "access-key"
      SK           = "secret-key"
      Region       = "us-east-1"
      Name         = "analysis"
      ReleaseLabel = "emr-5.20.0"
      Instances = {
        InstanceCount      = 3
        MasterInstanceType = "m3.xlarge"
        SlaveInstanceType  = "m3.xlarge"
      }
      JobFlowRole       = "EMR_EC2_DefaultRole"
      ServiceRole       = "EMR_DefaultRole"
      VisibleToAllUsers = true
      Applications      = [{ Name = "Hadoop" }]
      Steps = [{
        Name            = "step"
        ActionOnFailure = "TERMINATE_CLUSTER"
        HadoopJarStep = {
          Jar  = "command-runner.jar"
          Args = ["state-pusher-script"]
        }
      }]
    }
  }
  parameters_wo_version = 1
}
