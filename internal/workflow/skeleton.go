package workflow

import (
	"fmt"
	"regexp"
	"strings"
)

// Skeleton returns a resource block to paste, in Terraform's canonical format.
// Required inputs have placeholders and optional ones are commented out. Above each
// stands what the workflow says about it. The name is for the run and, without
// letters that it must not have, for the resource. Secrets are in parameters_wo.
// The skeletons of the shipped workflows pass Check and Traps.
func Skeleton(name, action string, d Declaration) string {
	var plain, secret []Parameter
	for _, p := range d.Parameters {
		switch advice := shipped[action][p.Name]; {
		case p.ServerSet || p.Immutable || advice.useless:
		case p.Secret || advice.secret:
			secret = append(secret, p)
		default:
			plain = append(plain, p)
		}
	}

	label := resourceLabel(name)
	var b strings.Builder
	fmt.Fprintf(&b, "resource \"soda_orchestration_instance\" %q {\n", label)
	fmt.Fprintf(&b, "  service_id = soda_orchestration_service.%s.id\n", label)
	fmt.Fprintf(&b, "  name       = %s\n", hclString(name))
	fmt.Fprintf(&b, "  action     = %s\n", hclString(action))
	if len(plain) > 0 {
		b.WriteString("\n" + block("parameters", action, plain))
	}
	if len(secret) > 0 {
		b.WriteString("\n" + block("parameters_wo", action, secret))
		b.WriteString("  parameters_wo_version = 1\n")
	}
	b.WriteString("}\n")
	return b.String()
}

func block(argument, action string, parameters []Parameter) string {
	var required, optional []string
	for _, p := range parameters {
		if p.Required && !p.HasDefault || shipped[action][p.Name].needed {
			required = append(required, entry(action, p, "    "))
		} else {
			optional = append(optional, entry(action, p, "    # "))
		}
	}
	return "  " + argument + " = {\n" + strings.Join(append(required, optional...), "\n") + "  }\n"
}

// entry is one input with its comment above. Each of its lines begins with prefix.
func entry(action string, p Parameter, prefix string) string {
	value := p.checked.example(p.Name)
	if advice := shipped[action][p.Name]; advice.value != "" {
		value = advice.value
	}
	lines := strings.Split(hclKey(p.Name)+" = "+value, "\n")
	return "    # " + comment(action, p) + "\n" + prefix + strings.Join(lines, "\n"+prefix) + "\n"
}

func comment(action string, p Parameter) string {
	var words []string
	if about := sentence(p.Description); about != "" {
		words = append(words, about)
	}
	if note := shipped[action][p.Name].note; note != "" {
		words = append(words, note)
	}
	kind := p.checked.summary()
	words = append(words, strings.ToUpper(kind[:1])+kind[1:]+".")
	if p.Default != nil && !p.Secret {
		words = append(words, "Default: "+hcl(p.Default)+".")
	}
	if (!p.Required || p.HasDefault) && !shipped[action][p.Name].needed {
		words = append(words, "Optional.")
	}
	return strings.Join(words, " ")
}

var notInLabel = regexp.MustCompile(`[^A-Za-z0-9_]+`)

// resourceLabel turns a name into a Terraform identifier.
func resourceLabel(name string) string {
	label := strings.Trim(notInLabel.ReplaceAllString(name, "_"), "_")
	if label == "" || label[0] >= '0' && label[0] <= '9' {
		label = "run_" + label
	}
	return strings.TrimRight(strings.ToLower(label), "_")
}

// advice is what the declaration of a shipped workflow does not say of an input.
type advice struct {
	value   string // shown in place of one from the schema
	note    string
	needed  bool // required, although declared optional
	useless bool // cannot be used, or has no effect
	secret  bool
}

var shipped = map[string]map[string]advice{
	"opensds.provision-volume": {
		"attach_mode":         {value: `"rw"`},
		"availability_zone":   {value: `"default"`},
		"profile_id":          {value: `""`, note: `"" is the default profile. Without it the run fails.`, needed: true},
		"snapshot_from_cloud": {useless: true},
		"timeout":             {useless: true},
	},
	"opensds.data-analysis": {
		"analysis_engine_type": {value: `"aws emr"`, note: `Only "aws emr" has an effect.`},
		"analysis_args":        {value: analysisArgs, note: "Contains AWS keys.", secret: true},
	},
}

const analysisArgs = `{
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
}`
