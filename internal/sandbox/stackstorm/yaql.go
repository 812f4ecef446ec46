package stackstorm

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The sandbox knows few expressions: an input or a published value, the result
// of a task, and either of them as a string.
var (
	yaqlExpression = regexp.MustCompile(`<%\s*(.*?)\s*%>`)
	yaqlVariable   = regexp.MustCompile(`^\$\.(\w+(?:\.\w+)*)$`)
	yaqlResult     = regexp.MustCompile(`^task\((\w+)\)\.result((?:\.\w+|\[\d+\])*)$`)
	yaqlString     = regexp.MustCompile(`^str\((.*)\)$`)
)

// template reads a value with expressions. One that the sandbox does not know is
// an error, because a guess would make it kinder than Mistral.
func (m *mistral) template(n *yaml.Node) (any, *runnerError) {
	if n == nil {
		return map[string]any{}, nil
	}
	v, err := yamlToJSON(n)
	if err != nil {
		return nil, errorOf("%s", err)
	}
	if unknown := unknownExpression(v); unknown != "" {
		return nil, errorOf("The sandbox does not know the expression %s. It knows <%% $.NAME %%>, <%% task(NAME).result.KEY[0] %%> and <%% str(...) %%>.", unknown)
	}
	return v, nil
}

func unknownExpression(v any) string {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range sortedKeys(v) {
			if unknown := unknownExpression(v[k]); unknown != "" {
				return unknown
			}
		}
	case []any:
		for _, x := range v {
			if unknown := unknownExpression(x); unknown != "" {
				return unknown
			}
		}
	case string:
		for _, found := range yaqlExpression.FindAllStringSubmatch(v, -1) {
			inner := found[1]
			if wrapped := yaqlString.FindStringSubmatch(inner); wrapped != nil {
				inner = wrapped[1]
			}
			if !yaqlVariable.MatchString(inner) && !yaqlResult.MatchString(inner) {
				return found[0]
			}
		}
	}
	return ""
}

// fill evaluates a value. A string that is nothing but an expression gets the
// type of what it means.
func (m *mistral) fill(v any, vars map[string]any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = m.fill(x, vars)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = m.fill(x, vars)
		}
		return out
	case string:
		if whole := yaqlExpression.FindStringSubmatch(v); whole != nil && whole[0] == v {
			return m.evaluate(whole[1], vars)
		}
		return yaqlExpression.ReplaceAllStringFunc(v, func(found string) string {
			return pyStr(m.evaluate(yaqlExpression.FindStringSubmatch(found)[1], vars))
		})
	}
	return v
}

func (m *mistral) evaluate(text string, vars map[string]any) any {
	if wrapped := yaqlString.FindStringSubmatch(text); wrapped != nil {
		return pyStr(m.evaluate(wrapped[1], vars))
	}
	if found := yaqlVariable.FindStringSubmatch(text); found != nil {
		return follow(vars, strings.Split(found[1], "."))
	}
	found := yaqlResult.FindStringSubmatch(text)
	keys := strings.NewReplacer("[", ".", "]", "").Replace(found[2])
	return follow(m.results[found[1]], strings.Split(strings.TrimPrefix(keys, "."), "."))
}

// follow goes down by keys. What is not there is null, as in YAQL.
func follow(v any, keys []string) any {
	for _, k := range keys {
		if k == "" {
			continue
		}
		switch inner := v.(type) {
		case map[string]any:
			v = inner[k]
		case object:
			v = inner.get(k)
		case []any:
			v = element(inner, k)
		default:
			return nil
		}
	}
	return v
}

func element(list []any, index string) any {
	if i, err := strconv.Atoi(index); err == nil && i < len(list) {
		return list[i]
	}
	return nil
}
