package meraki

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"infobus/hw"
	"infobus/supervise"
)

// KeyFile is where the key to the cloud is: in the file that is configured or,
// without one, systemd's credential.
func KeyFile(configured string) string {
	if configured != "" {
		return configured
	}
	return Credential("infobus.meraki-key")
}

// Credential is where systemd's credential of that name is.
func Credential(name string) string {
	folder := os.Getenv("CREDENTIALS_DIRECTORY")
	if folder == "" {
		folder = "/etc/credstore" // nobody handed it over: where it would have come from
	}
	return filepath.Join(folder, name)
}

// Trouble says once why the cloud cannot be asked, until it could be or the reason
// is another. One goroutine uses it.
type Trouble struct{ last string }

// Over says that the cloud has answered.
func (t *Trouble) Over() { t.last = "" }

// Because logs why, and gives it to the supervisor. No use in asking again soon
// where somebody has to come and change something.
func (t *Trouble) Because(err error) error {
	if err.Error() != t.last {
		t.last = err.Error()
		slog.Warn("the Meraki cloud", "why", err)
	}
	if errors.Is(err, ErrKey) || errors.Is(err, ErrNotFound) || errors.Is(err, hw.ErrAbsent) {
		return supervise.OnceAnHour(err)
	}
	return err
}
