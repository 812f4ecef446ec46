package workflow

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"testing"
)

// The numbers are what ujson 1.35 made of the same ones.
func TestTenDecimals(t *testing.T) {
	for given, want := range map[float64]float64{
		0.3: 0.30000000000000004, 0.7: 0.7000000000000001, 1.7: 1.7000000000000002, 0.1: 0.1, 2.5: 2.5, -0.3: -0.30000000000000004,
		1.0 / 3: 0.33333333330000003, 0.123456789012: 0.12345678900000001, 3.14159265358979: 3.1415926536,
		1e-11: 0, 1.23e-8: 1.2300000000000001e-08, 5e-11: 1e-10, 0.9999999999999: 1, 0: 0,
		1000000000000000.5: 1000000000000000.5, 12345678901234567: 12345678901234570, 1e300: 1e300, -1e16: -1e16,
	} {
		if got := tenDecimals(given); got != want {
			t.Errorf("%v becomes %v, want %v", given, got, want)
		}
	}
	for _, f := range []float64{math.Inf(1), math.Inf(-1)} {
		if got := tenDecimals(f); got != f {
			t.Errorf("%v becomes %v", f, got)
		}
	}
}

// A number that StackStorm has kept once does not change any more, unless it is
// so large that it is written with an exponent.
func FuzzTenDecimals(f *testing.F) {
	for _, seed := range []float64{0.3, 1e-11, 1e16, 12345678901234567, 4503599627370497.5, 123456789.123456789} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed float64) {
		once := tenDecimals(seed)
		if math.IsInf(once, 0) && math.Abs(seed) >= 1.7976931348623155e308 {
			return // with one digit less the largest numbers are too large
		}
		if again := tenDecimals(once); again != once && math.Abs(once) < 1e16 {
			t.Errorf("%v becomes %v, then %v", seed, once, again)
		}
		if math.Abs(once-seed) > 1e-10+math.Abs(seed)*2e-15 {
			t.Errorf("%v becomes %v", seed, once)
		}
	})
}

func TestKeptNames(t *testing.T) {
	in := map[string]any{"a．b": "x", "＄c": []any{map[string]any{"d․e": nil, "f": nil}}}
	want := map[string]any{"a.b": "x", "$c": []any{map[string]any{}}}
	if got := received(in); !reflect.DeepEqual(got, want) {
		t.Errorf("received as %v", got)
	}
	both := kept(map[string]any{"a．b": json.Number("1"), "a.b": json.Number("2")})
	if got := fmt.Sprint(both); got != fmt.Sprint(map[string]any{"a.b": Unknown}) {
		t.Errorf("two members of one name are kept as %s", got)
	}
}
