# shellcheck shell=bash
# The card image.

# image [--relock]: build/card/infobus.img, from the packages that images/card/packages.lock
# names. --relock first writes that file anew, from today's archive.
image() {
	needs image
	go_there
	case ${1:-} in
	'') ;;
	--relock) relock ;;
	*) die "image takes --relock, not $1" ;;
	esac
	card_packages
}

# card_apt: an apt that knows Debian 13's arm64 packages, with their updates.
card_apt() {
	local dir=$out/card/apt line
	private_apt "$dir" trixie arm64 "main non-free-firmware"
	{
		sed -n 's/ trixie / trixie-updates /p' "$dir/etc/sources.list"
		sed -n 's|/debian trixie |/debian-security trixie-security |p' "$dir/etc/sources.list"
	} >"$dir/etc/sources.list.d/updates.list"
	APT_CONFIG=$dir/apt.conf apt-get -qq update
	export APT_CONFIG=$dir/apt.conf
}

# relock writes packages.lock: a line "package version sha256 size" each.
relock() {
	local lock=images/card/packages.lock wanted
	mkdir -p "$out/card"
	wanted=$(sed '/^#/d; /^$/d' images/card/packages.txt)
	(
		card_apt
		# shellcheck disable=SC2086
		apt-get -qq install --no-install-recommends -y --print-uris $wanted |
			sed -n "s/^'[^']*' \([^_]*\)_.*/\1/p" | sort -u | xargs -d '\n' apt-cache show --no-all-versions |
			awk '/^Package: / { p = $2 } /^Version: / { v = $2 } /^Size: / { n = $2 } /^SHA256: / { s = $2 }
				/^$/ && p { print p, v, s, n; p = "" } END { if (p) print p, v, s, n }' | sort
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
