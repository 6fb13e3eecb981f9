# Which slot is started, and how. The rules are those of package card. Runs in U-Boot on
# the board and in the lab.
if test "${board_name}" = "qemu-arm"; then setenv base 40000000; setenv con ttyAMA0; else setenv base 0; setenv con ttyS1,115200; fi

# The kernel may not be unpacked over this script, the state or the device tree, which
# on the lab's board is at 0x8000000.
setexpr fa ${base} + 2e00000
setexpr st ${base} + 2f00000
setexpr cr ${base} + 2f80000
setexpr ka ${base} + 3000000
setexpr za ${base} + a000000
setexpr ra ${base} + c000000
${devtype} dev ${devnum}

# Of two copies of the state with a right checksum the higher counts.
setenv q1 0; setenv q2 0
if ${devtype} read ${st} 40 1 && env import -c ${st} 200; then setenv q1 ${ib_seq}; fi
if ${devtype} read ${st} 80 1 && env import -c ${st} 200; then setenv q2 ${ib_seq}; fi
setenv ib_bad; setenv ib_good a; setenv ib_left 0; setenv ib_seq 0; setenv ib_try
if itest ${q1} -ge ${q2}; then setenv cur 40; setenv oth 80; else setenv cur 80; setenv oth 40; fi
${devtype} read ${st} ${cur} 1 && env import -c ${st} 200

setenv slot ${ib_good}
if test -n "${ib_try}"; then
  if itest ${ib_left} -gt 0; then
    setexpr ib_left ${ib_left} - 1
    setexpr ib_seq ${ib_seq} + 1
    env export -c -s 200 ${st} ib_bad ib_good ib_left ib_seq ib_try
    # A trial that cannot be counted might be the one of every boot to come.
    if ${devtype} write ${st} ${oth} 1; then setenv slot ${ib_try}; fi
  fi
fi
echo Infobus: state ${q1} ${q2}, good ${ib_good}, trial ${ib_try} ${ib_left}, bad ${ib_bad}
if test "${slot}" = "b"; then setenv order "b a"; else setenv order "a b"; fi

# Of the settings only the wiring is taken, and of that only words that are known.
setenv wiring
if load ${devtype} ${devnum}:1 ${st} infobus.txt; then env import -t -r ${st} ${filesize} wiring; fi
setenv tree standard
if test "${wiring}" = "latch"; then setenv tree latch; fi
if test "${wiring}" = "wake"; then setenv tree wake; fi

# QEMU's Pi restarts as soon as its watchdog is armed. That it is QEMU's the lab says where
# a board's firmware hands over a command line of its own, which is another.
setenv lab
if test "${board_name}" != "qemu-arm" && fdt addr ${fdt_addr} && fdt get value given /chosen bootargs; then
  if test "${given}" = "infobus.lab"; then setenv lab module_blacklist=bcm2835_wdt; fi
fi

# Windows, and programs that copy cards, give a card another signature.
setenv disk; part uuid ${devtype} ${devnum}:1 disk

for s in ${order}; do
  if test "${s}" = "b"; then setenv part ${devnum}:7; else setenv part ${devnum}:5; fi
  setenv ib_kernel; setenv ib_kernel_turned; setenv ib_initrd; setenv ib_initrd_turned; setenv ib_hash
  setenv kernel; setenv initrd; setenv fdtsrc
  echo Infobus: slot ${s}
  if load ${devtype} ${part} ${st} root.env; then env import -t ${st} ${filesize} ib_kernel ib_kernel_turned ib_initrd ib_initrd_turned ib_hash; fi

  # U-Boot's own unpacking looks at no checksum. It stores one in this or that order.
  if load ${devtype} ${part} ${za} vmlinuz.gz && crc32 ${za} ${filesize} ${cr}; then
    if itest.l *${cr} -eq 0x${ib_kernel} || itest.l *${cr} -eq 0x${ib_kernel_turned}; then
      if unzip ${za} ${ka}; then setenv kernel whole; fi
    fi
  fi
  if load ${devtype} ${part} ${ra} initrd.gz && crc32 ${ra} ${filesize} ${cr}; then
    if itest.l *${cr} -eq 0x${ib_initrd} || itest.l *${cr} -eq 0x${ib_initrd_turned}; then setenv initrd ${ra}:${filesize}; fi
  fi

  # A board that the card was not made for gets what its firmware gave.
  setenv fdtsrc ${fdtcontroladdr}
  if test "${board_name}" != "qemu-arm"; then
    if test -n "${fdt_addr}"; then setenv fdtsrc ${fdt_addr}; fi
    setenv ib_tree; setenv ib_tree_turned
    if load ${devtype} ${part} ${st} dtb/${tree}/${fdtfile}.env; then env import -t ${st} ${filesize} ib_tree ib_tree_turned; fi
    if load ${devtype} ${part} ${fa} dtb/${tree}/${fdtfile} && crc32 ${fa} ${filesize} ${cr}; then
      if itest.l *${cr} -eq 0x${ib_tree} || itest.l *${cr} -eq 0x${ib_tree_turned}; then setenv fdtsrc ${fa}; fi
    fi
  fi

  if test -n "${kernel}" && test -n "${initrd}"; then
    setenv bootargs console=${con} loglevel=5 systemd.show_status=no panic=10 infobus.slot=${s} infobus.disk=${disk} infobus.hash=${ib_hash} infobus.wiring=${tree} ${lab}
    booti ${ka} ${initrd} ${fdtsrc}
  fi
  echo Infobus: slot ${s} cannot be started
done
echo Infobus: no slot can be started
sleep 10
reset
