package stackstorm

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

func checkItems(name string, v any, schema map[string]any) (errs []error) {
	list, ok := v.([]any)
	if !ok {
		return nil
	}
	tuple, isTuple := schema[name].([]any)
	for i, item := range list {
		s := member(schema, name)
		if isTuple {
			if i >= len(tuple) {
				break
			}
			s, _ = tuple[i].(map[string]any)
		}
		errs = append(errs, checkValue(item, s)...)
	}
	return errs
}

func checkAdditionalItems(name string, v any, schema map[string]any) (errs []error) {
	list, ok := v.([]any)
	tuple, isTuple := schema["items"].([]any)
	if !ok || !isTuple || len(list) <= len(tuple) {
		return nil
	}
	more := list[len(tuple):]
	if schema[name] == false {
		verb := "was"
		if len(more) > 1 {
			verb = "were"
		}
		return refused("Additional items are not allowed (%s %s unexpected)", pyList(more), verb)
	}
	for _, item := range more {
		errs = append(errs, checkValue(item, member(schema, name))...)
	}
	return errs
}

func checkProperties(name string, v any, schema map[string]any) (errs []error) {
	dict, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	properties := member(schema, name)
	for _, key := range sortedKeys(properties) {
		property := member(properties, key)
		if inner, ok := dict[key]; ok {
			errs = append(errs, checkValue(inner, property)...)
		} else if property["required"] == true {
			errs = append(errs, requiredError(key))
		}
	}
	return errs
}

func checkPatternProperties(name string, v any, schema map[string]any) (errs []error) {
	dict, _ := v.(map[string]any)
	patterns := member(schema, name)
	for _, pattern := range sortedKeys(patterns) {
		for _, key := range sortedKeys(dict) {
			found, err := pySearch(pattern, key)
			if err != nil {
				errs = append(errs, err)
			} else if found {
				errs = append(errs, checkValue(dict[key], member(patterns, pattern))...)
			}
		}
	}
	return errs
}

func checkAdditionalProperties(name string, v any, schema map[string]any) (errs []error) {
	dict, _ := v.(map[string]any)
	patterns := sortedKeys(member(schema, "patternProperties"))
	var extra []string
	for _, key := range sortedKeys(dict) {
		_, declared := member(schema, "properties")[key]
		matches := slices.ContainsFunc(patterns, func(p string) bool {
			found, err := pySearch(p, key)
			return err == nil && found
		})
		if !declared && !matches {
			extra = append(extra, key)
		}
	}
	switch further := schema[name].(type) {
	case map[string]any:
		for _, key := range extra {
			errs = append(errs, checkValue(dict[key], further)...)
		}
	case bool:
		if further || len(extra) == 0 {
			return nil
		}
		if _, ok := schema["patternProperties"]; !ok {
			return checkUnknown(extra, func(string) bool { return false })
		}
		verb := "does"
		if len(extra) > 1 {
			verb = "do"
		}
		return refused("%s %s not match any of the regexes: %s", pyList(extra), verb, pyList(patterns))
	}
	return errs
}

func checkDependencies(name string, v any, schema map[string]any) (errs []error) {
	dict, _ := v.(map[string]any)
	needs := member(schema, name)
	for _, key := range sortedKeys(needs) {
		if _, ok := dict[key]; !ok {
			continue
		}
		if s, ok := needs[key].(map[string]any); ok {
			errs = append(errs, checkValue(v, s)...)
			continue
		}
		list, _ := needs[key].([]any)
		for _, need := range list {
			if _, ok := dict[pyStr(need)]; !ok {
				errs = append(errs, refused("%s is a dependency of %s", pyRepr(need), pyQuote(key))...)
			}
		}
	}
	return errs
}

func checkPattern(name string, v any, schema map[string]any) []error {
	text, ok := v.(string)
	pattern, isText := schema[name].(string)
	if !ok || !isText {
		return nil
	}
	switch found, err := pySearch(pattern, text); {
	case err != nil:
		return []error{err}
	case !found:
		return refused("%s does not match %s", pyRepr(v), pyQuote(pattern))
	}
	return nil
}

// goPattern replaces what Python writes in another way than Go. A set of
// characters is one token, so that nothing inside it is replaced.
var (
	patternToken = regexp.MustCompile(`\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{,\d+\}|\$`)
	notInGo      = regexp.MustCompile(`\(\?(=|!|<|#|P=|\()`)
)

// pySearch is Python's re.search, as far as Go has the same.
func pySearch(pattern, text string) (bool, error) {
	if notInGo.MatchString(pattern) {
		return true, nil // looking around is not known here
	}
	re, err := regexp.Compile(patternToken.ReplaceAllStringFunc(pattern, func(token string) string {
		switch {
		case token == "$":
			return `(?:\n?\z)`
		case token == `\Z`:
			return `\z`
		case strings.HasPrefix(token, "{,"):
			return "{0" + token[1:]
		case token[0] == '[':
			return "[" + strings.ReplaceAll(token[1:], "[", `\[`)
		}
		return token
	}))
	if err != nil {
		words := map[syntax.ErrorCode]string{
			syntax.ErrMissingParen: "unbalanced parenthesis", syntax.ErrUnexpectedParen: "unbalanced parenthesis",
			syntax.ErrMissingBracket: "unexpected end of regular expression", syntax.ErrMissingRepeatArgument: "nothing to repeat",
		}
		if syn, ok := errors.AsType[*syntax.Error](err); ok && words[syn.Code] != "" {
			return false, errors.New(words[syn.Code])
		}
		return false, err
	}
	return re.MatchString(text), nil
}
