#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/root.sh KERNEL
# Makes the Debian root of a kernel when it is not cached yet (its kernel,
# headers, compiler, dkms and the programs that tests use), and prints where
# it is. Beside it stand <root>.squashfs, the guest's disk, and files that
# tell the kernel's release.

# shellcheck source=tools/kernels.sh
. "$(dirname "$0")/kernels.sh"

packages="gcc make dkms kmod iproute2 iputils-ping ethtool socat strace perl
python3 liburing-dev gcc-multilib libc6-dev rsync procps util-linux mount
psmisc bsdextrautils xz-utils libcap2-bin busybox-static tcpdump"

# What only one root needs: to run sparse, which is too old for newer kernels;
# to build the debug kernel and run the other static checks.
extra()
{
	case $key in
	6.12)
		echo sparse
		;;
	7.2)
		echo "bc bison flex libelf-dev libssl-dev cpio xz-utils sparse clang lld"
		echo "llvm python3-yaml"
		;;
	esac
}

recipe()
{
	local version=2
	echo "recipe $version"
	echo "$packages"
	extra
	echo "$suite"
	echo "$image"
}

build()
{
	local tmp=$dir.tmp package=${image% *} release parts
	local base=${suite%-backports} list

	[ ! -e "$dir/.rill-release" ] || return 0
	need mmdebstrap mksquashfs=squashfs-tools
	log "making the root of $key ($suite, $image)"
	release=${package#linux-image-}
	# Newer kernels come as several packages of one release.
	parts=$(newest "$suite" depends "$package" |
		awk -v r="-$release" '$2 ~ /^linux-/ && index($2, r) {print $2}')
	parts=$(echo "$package" "$parts" | xargs)
	list="$packages linux-headers-$release $(extra)"
	rm -rf --one-file-system "$tmp"
	# The image is unpacked, not installed: no initramfs is wanted.
	source_lines "$suite" >"$dir.list"
	# shellcheck disable=SC2016
	# In a mount namespace of its own: what it mounts goes with it.
	unshare --mount mmdebstrap --mode=root --variant=apt --architectures=amd64 \
		--aptopt='Apt::Install-Recommends "false"' \
		--aptopt='Acquire::Languages "none"' \
		--dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--include="$(echo "$list" | xargs | tr ' ' ,)" \
		--customize-hook="chroot \"\$1\" sh -c 'cd /tmp &&
			apt-get -qq download $parts &&
			for deb in linux-*.deb; do
				dpkg-deb --fsys-tarfile \$deb |
				tar -xC / --keep-directory-symlink || exit
			done &&
			rm linux-*.deb && depmod $release'" \
		"$base" "$tmp" "$dir.list" >"$dir.log" 2>&1 || {
			tail -n 20 "$dir.log" >&2
			die "mmdebstrap failed: $dir.log"
		}
	mkdir -p "$tmp/rill" "$tmp/share" "$tmp/rig" "$tmp/build" "$tmp/src"
	echo "$release" >"$tmp/.rill-release"
	rm -f "$dir.squashfs"
	# Not compressed: reading it costs the emulated guest nothing.
	mksquashfs "$tmp" "$dir.squashfs.tmp" -noappend -noI -noD -noF -noX \
		-no-progress -quiet -wildcards -e 'boot/*' 'var/cache/apt/*' \
		'var/lib/apt/lists/*' 'usr/lib/llvm*' >>"$dir.log" 2>&1
	mv "$dir.squashfs.tmp" "$dir.squashfs"
	mv "$tmp" "$dir"
	log "root of $key ready: $(du -sh "$dir" | cut -f1) in $dir"
}

[ $# = 1 ] || die "usage: tools/root.sh KERNEL"
need_root
key=$(root_key_of "$1")
suite=$(suite_of "$key")
image=$(image_of "$suite")
dir=$RILL_CACHE/root-$key-$(recipe | hash12)
mkdir -p "$RILL_CACHE"
locked "root-$key" build
prune "root-$key-*" "$dir"
echo "$dir"
