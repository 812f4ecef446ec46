package workflow

import (
	"slices"
	"strings"
)

// Suggest returns the one of among that was most likely meant by word, or "" if
// none is similar. It ignores case and the difference between "-", "_", "." and
// blanks. The pack's name may be missing in front of a workflow's name.
func Suggest(word string, among []string) string {
	sorted := slices.Sorted(slices.Values(among))
	folded := fold(word)
	if folded == "" {
		return ""
	}
	for _, candidate := range sorted {
		if fold(candidate) == folded {
			return candidate
		}
	}
	for _, candidate := range sorted {
		if _, name, ok := strings.Cut(candidate, "."); ok && fold(name) == folded {
			return candidate
		}
	}
	best, fewest := "", farthest(folded)+1
	for _, candidate := range sorted {
		if d := distance([]rune(folded), []rune(fold(candidate))); d < fewest {
			best, fewest = candidate, d
		}
	}
	return best
}

func fold(word string) string {
	return strings.NewReplacer("-", "", "_", "", ".", "", " ", "").Replace(strings.ToLower(word))
}

// farthest is how many mistakes a word of that length may have.
func farthest(word string) int {
	switch n := len([]rune(word)); {
	case n < 3:
		return 0
	case n < 6:
		return 1
	case n < 10:
		return 2
	default:
		return 3
	}
}

// distance is the number of letters that are inserted, left out, replaced or
// swapped with their neighbour. It is that of Damerau and Levenshtein, but no
// letter moves twice.
func distance(a, b []rune) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			replaced := row[j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			next[j] = min(row[j]+1, next[j-1]+1, replaced)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
