// Bare is the least that a kernel can start: it says when it was started, in seconds
// since the kernel was, and ends the machine. A boot is compared with it.
package main

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		fmt.Println("bare:", err)
	}
	fmt.Printf("bare: %.1f\n", time.Duration(now.Nano()).Seconds())
	unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}
