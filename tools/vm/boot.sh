#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/vm/boot.sh KERNEL
# Makes what qemu boots for a kernel: an extracted vmlinux (it starts in a
# third of the bzImage's time under emulation) and an initramfs that mounts
# the root. Prints their common path; .vmlinux and .initrd are to be added.

# shellcheck source=tools/kernels.sh
. "$(dirname "$0")/../kernels.sh"

# What the guest needs before its root is there.
modules="virtio_pci virtio_blk virtio_console squashfs overlay 9p 9pnet_virtio"

# Puts the modules and all they need into the initramfs, in loading order.
add_modules()
{
	local name file n=100

	for name in $modules; do
		modprobe -d "$root" -S "$release" --show-depends "$name" 2>/dev/null |
			awk '$1 == "insmod" {print $2}'
	done | awk '!seen[$0]++' | while read -r file; do
		name=$(basename "$file")
		n=$((n + 1))
		case $name in
		*.xz) xz -dc "$file" >"$tmp/m/$n-${name%.xz}" ;;
		*) cp "$file" "$tmp/m/$n-$name" ;;
		esac
	done
}

# Finds the kernel inside a bzImage by the mark of its compression.
extract()
{
	local kind magic tool offset

	for kind in '\xfd7zXZ:xz -dcq --single-stream' \
		'\x28\xb5\x2f\xfd:zstd -dcq' '\x1f\x8b\x08:gzip -dcq' \
		'\x02\x21\x4c\x18:lz4 -dcq'; do
		magic=${kind%%:*}
		tool=${kind#*:}
		while read -r offset; do
			# The stream is followed by other bytes: tools complain.
			tail -c "+$((offset + 1))" "$1" | $tool >"$2" 2>/dev/null || true
			if [ "$(head -c 4 "$2" | tail -c 3)" = ELF ]; then
				return 0
			fi
		done < <(LC_ALL=C grep -aobP "$magic" "$1" | LC_ALL=C cut -d: -f1)
	done
	return 1
}

build()
{
	[ ! -e "$out.initrd" ] || return 0
	log "making the boot files of $key"
	need cpio xz=xz-utils zstd modprobe=kmod
	tmp=$out.tmp
	rm -rf "$tmp" && mkdir -p "$tmp"/{bin,m,proc,sys,dev,lower,rw,new}
	cp "$root/bin/busybox" "$tmp/bin/"
	cp "$RILL_TOP/tools/vm/initramfs-init" "$tmp/init"
	chmod +x "$tmp/init"
	if [ "$key" = debug ]; then
		ln -sfn "$(readlink -f "$kernel/vmlinux")" "$out.vmlinux"
	else
		add_modules
		kernel=$(find "$root/boot" "$root/usr/lib/modules/$release" \
			-maxdepth 1 -name 'vmlinuz*' | head -n 1)
		extract "$kernel" "$out.vmlinux" ||
			die "cannot extract the kernel of $kernel"
	fi
	(cd "$tmp" && find . | cpio --quiet -o -H newc) >"$out.initrd.tmp"
	mv "$out.initrd.tmp" "$out.initrd"
	rm -rf "$tmp"
}

[ $# = 1 ] || die "usage: tools/vm/boot.sh KERNEL"
need_root
key=$1
root=$("$RILL_TOP/tools/root.sh" "$key")
release=$(cat "$root/.rill-release")
kernel=
out=$root
if [ "$key" = debug ]; then
	kernel=$("$RILL_TOP/tools/debug-kernel.sh")
	out=$kernel
fi
out+=.boot-$(cat "$RILL_TOP/tools/vm/initramfs-init" "$0" | hash12)
locked "boot-$key" build
echo "$out"
