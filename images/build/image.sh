# shellcheck shell=bash
# The card image.

# image [--relock]: build/card/infobus.img.xz, from the packages that images/card/packages.lock
# names. --relock first writes that file anew, from today's archive.
image() {
	case ${1:-} in
	'') ;;
	--relock) needs image && relock ;;
	*) die "image takes --relock, not $1" ;;
	esac
	card_image
	say "compressing it"
	# In blocks: the same bytes on however many processors.
	xz -c -6 -T0 --block-size=64MiB "$out/card/infobus.img" >"$out/card/infobus.img.xz"
	(cd "$out/card" && sha256sum infobus.img.xz >infobus.img.xz.sha256)
	say "build/card/infobus.img.xz: $(($(stat -c %s "$out/card/infobus.img.xz") >> 20)) MB, with infobus.spdx.json in $((SECONDS / 60)) min $((SECONDS % 60)) s"
}

# card_apt: an apt that knows Debian 13's arm64 packages, with their updates.
card_apt() {
	local dir=$out/card/apt parts='main non-free-firmware'
	mkdir -p "$dir/etc/sources.list.d"
	debian_sources trixie arm64 "$parts" |
		sed 's/ trixie / trixie-updates /p; s|/debian trixie-updates |/debian-security trixie-security |' >"$dir/etc/sources.list.d/updates.list"
	private_apt "$dir" trixie arm64 "$parts"
	export APT_CONFIG=$dir/apt.conf
}

# relock writes packages.lock: a line "package version sha256 size" each.
relock() {
	local lock=images/card/packages.lock wanted
	mkdir -p "$out/card"
	wanted=$(grep '^[a-z]' images/card/packages.txt)
	(
		card_apt
		# shellcheck disable=SC2086
		apt-get -qq install --no-install-recommends -y --print-uris $wanted |
			sed -n "s/^'[^']*' \([^_]*\)_.*/\1/p" | sort -u | xargs -d '\n' apt-cache show --no-all-versions |
			awk '/^Package: / { p = $2 } /^Version: / { v = $2 } /^Size: / { n = $2 } /^SHA256: / { s = $2 }
				/^$/ && p { print p, v, s, n; p = "" } END { if (p) print p, v, s, n }' |
			grep -vf <(sed -n 's/^!\(.*\)/^\1 /p' images/card/packages.txt) | LC_ALL=C sort
	) >"$out/card/packages.lock"
	[ -s "$out/card/packages.lock" ] || die "apt finds not all of images/card/packages.txt"
	mv "$out/card/packages.lock" "$lock"
	say "$lock: $(wc -l <"$lock") packages"
}

# card_packages has the cache hold every locked package, as HASH.deb.
card_packages() {
	local name version sum size kept=$cache/packages missing=()
	mkdir -p "$kept" "$out/card/fetched"
	while read -r name version sum size; do
		[ -e "$kept/$sum.deb" ] || missing+=("$name $version $sum $size")
	done <images/card/packages.lock
	[ ${#missing[@]} -gt 0 ] || return 0
	say "fetching ${#missing[@]} of Debian's packages"
	(
		card_apt
		cd "$out/card/fetched"
		printf '%s\n' "${missing[@]}" | while read -r name version sum size; do
			apt-get -qq download "$name=$version" 2>"$name.log" ||
				die "the archive has no $name $version any more: ./build.sh image --relock"
			file=$(echo "$name"_*.deb)
			echo "$sum  $file" | sha256sum --quiet --check >/dev/null 2>&1 || die "$file is not the $name $version that was locked"
			mv "$file" "$kept/$sum.deb"
		done
	) || exit 1
}

# card_image writes build/card/infobus.img, and beside it what the lab boots it with.
card_image() {
	local dir=$out/card epoch name version sum size kernel
	needs image
	go_there
	card_packages
	epoch=$(moment)
	export SOURCE_DATE_EPOCH=$epoch TZ=UTC LC_ALL=C
	build arm64
	say "making the card image"
	rm -rf "$dir/own"
	(umask 022 && deb_tree arm64 "$(deb_version)" "$epoch" "$dir/own")
	rm -rf "$dir/own/DEBIAN" "$dir/packages" "$dir/boot" "$dir/fat" "$dir/kernel" && mkdir -p "$dir/packages" "$dir/boot" "$dir/fat"
	while read -r name version sum size; do
		ln -s "$cache/packages/$sum.deb" "$dir/packages/$name.deb"
	done <images/card/packages.lock
	go build -trimpath -o "$dir/card" ./images/card
	go build -trimpath -o "$dir/rootsum" ./images/card/rootsum
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -trimpath -ldflags '-s -w' -o "$dir/init" ./images/card/init

	kernel=$(cd "$dir/packages" && echo linux-image-*.deb)
	card_kernel "$dir/packages/$kernel"
	kernel=${kernel#linux-image-}
	kernel=${kernel%.deb}
	(cd images/card && CARD=$dir/card fakeroot ./root.sh "$dir/packages" "$dir/kernel" "$dir/own" "$dir/root" "$dir/root.erofs")
	"$dir/card" bill "$dir/infobus.spdx.json" images/card/packages.lock "$dir/root/usr/share/doc" "$epoch" \
		"$out/arm64/infobusd" "$out/arm64/infobus" "$dir/init"
	card_slot "$dir" "$kernel"
	card_fat "$dir" "$kernel"
	rm -f "$dir/data.ext4"
	# Its journal tells when something was written, until it has come round: the smallest that there is.
	E2FSPROGS_FAKE_TIME=$epoch mke2fs -q -t ext4 -J size=1 -L infobus-data -U "$(card_uuid data)" -E "hash_seed=$(card_uuid hash)" "$dir/data.ext4" 64M >/dev/null
	"$dir/card" disk "$dir/infobus.img.new" "$dir/fat.img" "$dir/boot.ext4" "$dir/root.erofs" "$dir/data.ext4"
	mv "$dir/infobus.img.new" "$dir/infobus.img"
	rm -rf "$dir/packages" "$dir/kernel" "$dir/boot" "$dir/fat" "$dir/root" "$dir/own" "$dir"/*.ext4 "$dir"/fat.img "$dir"/*.dtbo "$dir"/commands
}

# card_kernel PACKAGE: the kernel unpacked, as build/card/kernel. That takes a minute, and
# the next build wants it too.
card_kernel() {
	local kept
	kept=$cache/kernel/$(basename "$(readlink "$1")" .deb)
	if [ ! -d "$kept" ]; then
		rm -rf "$cache/kernel" && mkdir -p "$cache/kernel"
		dpkg-deb -x "$1" "$kept.new"
		ln -s usr/lib "$kept.new/lib" # where depmod looks
		depmod -b "$kept.new" "$(basename "$kept.new"/usr/lib/modules/*)"
		mv "$kept.new" "$kept"
	fi
	ln -sfn "$kept" "$out/card/kernel"
}

# card_uuid WORD: always the same for the word.
card_uuid() {
	echo "infobus card $1" | sha256sum | sed 's/^\(.\{8\}\)\(.\{4\}\).\(.\{3\}\).\(.\{3\}\)\(.\{12\}\).*/\1-\2-4\3-8\4-\5/'
}

# card_slot DIR KERNEL: what U-Boot starts, as boot.ext4.
card_slot() {
	local dir=$1 kernel=$2 boot=$1/boot board tree overlays overlay commands=$1/commands
	gzip -n -9 <"$dir/kernel/boot/vmlinuz-$kernel" >"$boot/vmlinuz.gz"
	"$dir/card" initrd "$boot/initrd.gz" "$dir/root/usr/lib/modules/$kernel" "$dir/init" images/card/modules
	{
		"$dir/card" crc kernel "$boot/vmlinuz.gz"
		"$dir/card" crc initrd "$boot/initrd.gz"
		"$dir/rootsum" "$dir/root.erofs"
	} >"$boot/root.env"
	for overlay in header i2c wake latch; do
		dtc -q -@ -I dts -O dtb -o "$dir/$overlay.dtbo" "images/card/dts/$overlay.dtso"
	done
	for tree in 'standard header i2c' 'latch header i2c latch' 'wake header wake'; do
		# shellcheck disable=SC2086
		set -- $tree
		tree=$1 overlays=()
		shift
		for overlay; do overlays+=("$dir/$overlay.dtbo"); done
		mkdir -p "$boot/dtb/$tree/broadcom"
		for board in bcm2711-rpi-4-b bcm2837-rpi-3-b bcm2837-rpi-3-b-plus bcm2837-rpi-zero-2-w; do
			fdtoverlay -i "$dir/kernel/usr/lib/linux-image-$kernel/broadcom/$board.dtb" \
				-o "$boot/dtb/$tree/broadcom/$board.dtb" "${overlays[@]}"
			"$dir/card" crc tree "$boot/dtb/$tree/broadcom/$board.dtb" >"$boot/dtb/$tree/broadcom/$board.dtb.env"
		done
	done
	# debugfs takes the time that it is told for each file, mke2fs -d the file's own.
	(cd "$boot" && find . -mindepth 1 -type d -printf 'mkdir %P\n' | sort && find . -type f -printf "write $boot/%P %P\n" | sort) >"$commands"
	rm -f "$dir/boot.ext4"
	E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH mke2fs -q -t ext4 -O ^has_journal -L infobus-a -U "$(card_uuid boot)" -E "hash_seed=$(card_uuid hash)" "$dir/boot.ext4" 64M >/dev/null
	E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH debugfs -w -f "$commands" "$dir/boot.ext4" >"$dir/debugfs.log" 2>&1
	! grep -iE 'fail|error|no space|could not' "$dir/debugfs.log" || die "debugfs cannot fill the boot slot"
}

# card_fat DIR KERNEL: what the board's firmware reads, as fat.img.
card_fat() {
	local dir=$1 kernel=$2 fat=$1/fat
	dpkg-deb -x "$dir/packages/raspi-firmware.deb" "$dir/firmware"
	dpkg-deb -x "$dir/packages/u-boot-rpi.deb" "$dir/firmware"
	dpkg-deb -x "$dir/packages/u-boot-qemu.deb" "$dir/firmware"
	cp "$dir/firmware/usr/lib/raspi-firmware/"{bootcode.bin,start.elf,start4.elf,fixup.dat,fixup4.dat} "$fat"
	cp "$dir/firmware/usr/lib/u-boot/rpi_arm64/u-boot.bin" "$fat"
	cp "$dir/kernel/usr/lib/linux-image-$kernel/broadcom/"{bcm2711-rpi-4-b,bcm2837-rpi-3-b,bcm2837-rpi-3-b-plus,bcm2837-rpi-zero-2-w}.dtb "$fat"
	cp images/card/boot/config.txt images/card/infobus.txt "$fat"
	cp images/card/infobus.txt "$fat/example.txt" # for who has spoilt the first
	mkimage -A arm64 -T script -C none -n Infobus -d images/card/boot/boot.cmd "$fat/boot.scr" >/dev/null
	mkenvimage -s 0x4000 -o "$fat/uboot.env" images/card/boot/uboot.env.txt
	find "$fat" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
	rm -f "$dir/fat.img"
	mkfs.vfat -n INFOBUS -i 49424331 --invariant -C "$dir/fat.img" 65536 >/dev/null
	(cd "$fat" && find . -type f -printf '%P\n' | sort | while read -r file; do mcopy -m -i "$dir/fat.img" "$file" "::$file"; done)
	# The lab's start stands beside the card, not on it.
	cp "$dir/firmware/usr/lib/u-boot/qemu_arm64/u-boot.bin" "$dir/u-boot-virt.bin"
	cp "$fat/u-boot.bin" "$dir/u-boot-rpi.bin"
	cp "$dir/kernel/usr/lib/linux-image-$kernel/broadcom/bcm2837-rpi-3-b.dtb" "$dir/raspi3b.dtb"
	cp "$dir/kernel/boot/vmlinuz-$kernel" "$dir/vmlinuz"
	mkenvimage -s 0x40000 -o "$dir/u-boot-virt.env" images/card/boot/lab.env.txt
	truncate -s 64M "$dir/u-boot-virt.env"
	rm -rf "$dir/firmware"
}
