package debian

import (
	"strings"
	"testing"
)

// The daemon's user may have the clock set, within its bounds, by the unit that does
// just that, and the clock chip looked at; and may have neither by any other name.
func TestTheClockIsSetByAUnitOfItsOwn(t *testing.T) {
	m := fresh(t)
	// An hour ahead: the machine has no way to a time server.
	const set = `now=$(($(date +%%s) + %s)); setpriv --reuid infobus --regid infobus --init-groups systemctl start infobus-clock@${now}000-$(cut -d. -f1 /proc/uptime)000.service`
	ahead := func(seconds string) string {
		return strings.ReplaceAll(strings.ReplaceAll(set, "%%", "%"), "%s)); set", seconds+")); set")
	}
	m.run("date +%s >/run/before; " + ahead("3600"))
	m.run("test $(($(date +%s) - $(cat /run/before))) -ge 3599")
	m.run("test $(($(date +%s) - $(cat /run/before))) -lt 3900")

	// Before the program was built, and by an order that is not of this minute.
	m.run("! ( " + ahead("-40000000") + " )")
	m.run("journalctl | grep -q 'it cannot be that time'")
	m.run(`! setpriv --reuid infobus --regid infobus --init-groups systemctl start infobus-clock@$(date +%s)000-1.service`)
	m.run("test $(($(date +%s) - $(cat /run/before))) -ge 3599")

	// Its sandbox leaves the daemon the kernel's folder of the chip.
	m.run("nsenter --mount --target $(systemctl show --value --property MainPID infobusd.service) setpriv --reuid infobus --regid infobus --init-groups cat /sys/class/rtc/rtc0/name /sys/class/rtc/rtc0/since_epoch")
	m.run("setpriv --reuid infobus --regid infobus --init-groups systemctl start infobus-clock-chip@look.service")
	m.run("grep -qx runs /run/infobus-clock/chip")
	m.run("echo '<4>rtc-ds1307 1-0068: SET TIME!' >/dev/kmsg && setpriv --reuid infobus --regid infobus --init-groups systemctl start infobus-clock-chip@look.service")
	m.run("grep -qx stopped /run/infobus-clock/chip")
	m.run("setpriv --reuid infobus --regid infobus --init-groups systemctl start infobus-clock-chip@clear.service")
	m.run("grep -qx runs /run/infobus-clock/chip")

	for _, other := range []string{"start infobus-clock@now.service", "start infobus-clock-chip@set.service", "stop systemd-timesyncd.service", "restart infobus-clock-chip@look.service"} {
		m.run("! setpriv --reuid infobus --regid infobus --init-groups systemctl --no-ask-password " + other)
	}
}
