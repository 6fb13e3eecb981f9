package temperature_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"infobus/hw"
	"infobus/hw/temperature"
)

func TestWhatTheKernelSaysOfTheSensor(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  float64
		err   error
		any   bool // some error
	}{
		"warm":                       {files: map[string]string{"28-0000055a1b2c": "18437\n"}, want: 18.437},
		"below zero":                 {files: map[string]string{"28-0000055a1b2c": "-3062\n"}, want: -3.062},
		"another chip beside it":     {files: map[string]string{"28-0000055a1b2c": "21000\n", "10-000802a2b3c4": "30000\n"}, want: 21},
		"none":                       {err: hw.ErrAbsent},
		"another chip alone":         {files: map[string]string{"10-000802a2b3c4": "30000\n"}, err: hw.ErrAbsent},
		"two":                        {files: map[string]string{"28-0000055a1b2c": "18000\n", "28-0000055a1b2d": "18000\n"}, any: true},
		"what it says at power-on":   {files: map[string]string{"28-0000055a1b2c": "85000\n"}, err: temperature.ErrImplausible},
		"a wire that is open":        {files: map[string]string{"28-0000055a1b2c": "127937\n"}, err: temperature.ErrImplausible},
		"colder than it ever is":     {files: map[string]string{"28-0000055a1b2c": "-55000\n"}, err: temperature.ErrImplausible},
		"nothing":                    {files: map[string]string{"28-0000055a1b2c": ""}, err: temperature.ErrImplausible},
		"no number":                  {files: map[string]string{"28-0000055a1b2c": "18.4\n"}, err: temperature.ErrImplausible},
		"a number that is too large": {files: map[string]string{"28-0000055a1b2c": "99999999999999999999"}, err: temperature.ErrImplausible},
	} {
		t.Run(name, func(t *testing.T) {
			s := temperature.Sensor{Dir: t.TempDir()}
			for chip, text := range c.files {
				os.Mkdir(filepath.Join(s.Dir, chip), 0o700)
				if err := os.WriteFile(filepath.Join(s.Dir, chip, "temperature"), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := s.Read(t.Context())
			if got != c.want || (err != nil) != (c.any || c.err != nil) || c.err != nil && !errors.Is(err, c.err) {
				t.Errorf("%g, %v; want %g, %v", got, err, c.want, c.err)
			}
		})
	}
}

// A pipe that nobody writes to stands for a bus that hangs.
func TestASensorThatHangsHoldsNobodyUp(t *testing.T) {
	s := temperature.Sensor{Dir: t.TempDir()}
	pipe := filepath.Join(s.Dir, "28-1", "temperature")
	os.Mkdir(filepath.Dir(pipe), 0o700)
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	// The one read that is left behind comes back, and the next is answered.
	w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	os.Remove(pipe)
	if err := os.WriteFile(pipe, []byte("7500\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Read(t.Context()); err != nil || got != 7.5 {
		t.Fatalf("%g, %v", got, err)
	}
}
