#!/bin/sh
# What the daemon needs of the board, before udev has looked at all of it, which takes ten
# times as long: drivers of the header's buses, their devices' groups, and names that are
# the same on every board. The lab's board has none of it but a GPIO chip.
modprobe -a -q i2c-bcm2835 i2c-gpio spi-bcm2835 i2c-dev w1-gpio w1-therm
for chip in /sys/bus/gpio/devices/gpiochip*; do
	case $(readlink "$chip/../driver" || readlink "$chip/device/driver") in
	*/pinctrl-bcm2835 | */pl061_gpio) ln -sf "${chip##*/}" /dev/infobus-gpio ;;
	esac
done
for group in gpio i2c spi; do
	for device in /dev/gpiochip* /dev/i2c-* /dev/spidev*; do
		case $device in
		"/dev/$group"*) [ ! -c "$device" ] || { chgrp $group "$device" && chmod 0660 "$device"; } ;;
		esac
	done
done
# For whoever has a cable on the board's console.
there() { for name; do [ ! -e "$name" ] || printf ' %s' "${name#/sys/bus/i2c/devices/}"; done; }
read -r _ _ _ root <<-MOUNTS
	$(findmnt -no SOURCE,TARGET,FSTYPE,OPTIONS /)
MOUNTS
echo "<4>infobus: $(tr -d '\0' </proc/device-tree/model): lines$(there /dev/infobus-gpio) $(readlink /dev/infobus-gpio);" \
	"buses$(there /dev/spidev* /dev/i2c-*); chips$(there /sys/bus/i2c/devices/*-0068); root ${root%%,*}" >/dev/kmsg
