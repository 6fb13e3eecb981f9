// Package units holds what systemd, udev and polkit are told of the daemon: when
// it runs, as whom, and how little it may do. The Debian package installs the
// files; the test here holds them to what they promise.
package units
