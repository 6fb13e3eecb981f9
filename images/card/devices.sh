#!/bin/sh
# What the board has, for whoever has a cable on its console: names are the same on every
# board, and the lab's has none of it but a GPIO chip.
modprobe -a -q w1-gpio w1-therm
there() { for name; do [ ! -e "$name" ] || printf ' %s' "${name#/sys/bus/i2c/devices/}"; done; }
read -r _ _ _ root <<-MOUNTS
	$(findmnt -no SOURCE,TARGET,FSTYPE,OPTIONS /)
MOUNTS
echo "<4>infobus: $(tr -d '\0' </proc/device-tree/model): lines$(there /dev/infobus-gpio) $(readlink /dev/infobus-gpio);" \
	"buses$(there /dev/spidev* /dev/i2c-*); chips$(there /sys/bus/i2c/devices/*-0068);" \
	"daemon $(systemctl is-active infobusd.service) since $(systemctl show -P ActiveEnterTimestampMonotonic infobusd.service) us;" \
	"root ${root%%,*}" >/dev/kmsg
