#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: [NAME=VALUE]... tools/vm/vm.sh
# Boots one guest with rill.ko loaded, runs a command in it, prints the
# command's output and exits with its status. What the guest leaves behind (a
# warning in its log, a leak, a module that will not unload) is a failure too.
#
#   KERNEL=6.12     one of 6.1 6.12 7.2 debug
#   RUN='command'   run by bash in /rill; without it, a shell
#   SHARE=dir       seen, writable, at /share (default: an empty directory)
#   TIMEOUT=600     seconds until the guest is ended
#   SMP=2 MEM=1G    processors and memory
#   ICOUNT=1        one guest nanosecond is one instruction (one processor)
#   LOGDIR=dir      where logs go (default: a new directory, removed if all
#                   went well)
#   MODULE=file     another rill.ko; MODULE=none loads nothing
#   LAYER=file.tar  files put over the guest's root
#   LEAKS=1         search for leaked memory at the end (debug kernel)
#   COVERAGE=1      leave the kernel's gcov data in LOGDIR/gcov
#   APPEND= QEMU_ARGS=  more kernel and qemu arguments

. "$(dirname "$0")/../lib.sh"

KERNEL=${KERNEL:-6.12} RUN=${RUN:-} SHARE=${SHARE:-} TIMEOUT=${TIMEOUT:-600}
ICOUNT=${ICOUNT:-} LOGDIR=${LOGDIR:-} MODULE=${MODULE:-} LAYER=${LAYER:-}
LEAKS=${LEAKS:-} COVERAGE=${COVERAGE:-} APPEND=${APPEND:-}
QEMU_ARGS=${QEMU_ARGS:-}
SMP=${SMP:-2} MEM=${MEM:-1G}

here=$RILL_TOP/tools/vm

# What the guest reads from /rig.
prepare()
{
	mkdir -p "$LOGDIR/rig"
	rm -f "$LOGDIR/rig"/{started,status,ended,faults,leaks}
	cp "$here/guest.sh" "$LOGDIR/rig/"
	printf '%s\n' "$RUN" >"$LOGDIR/rig/command"
	{
		echo "export RILL_KERNEL=$KERNEL"
		echo "RIG_LEAKS=$LEAKS RIG_COVERAGE=$COVERAGE"
		[ -n "$RUN" ] || {
			echo "RIG_SHELL=1 RIG_TERM=${TERM:-dumb}"
			stty size 2>/dev/null | {
				read -r rows cols || true
				echo "RIG_ROWS=${rows:-24} RIG_COLS=${cols:-80}"
			}
		}
	} >"$LOGDIR/rig/env"
	case $MODULE in
	none) ;;
	'') cp "$("$here/../module.sh" "$KERNEL")/rill.ko" "$LOGDIR/rig/" ;;
	*) cp "$MODULE" "$LOGDIR/rig/rill.ko" ;;
	esac
	[ -z "$LAYER" ] || cp "$LAYER" "$LOGDIR/rig/layer.tar"
}

# Sets the array qemu.
compose()
{
	# One package each: the BIOS's MP table names no others.
	local smp="$SMP,sockets=$SMP,cores=1,threads=1"
	local cpu=max,la57=off,umip=off,pku=off
	local accel append="console=ttyS0 loglevel=7 panic=-1 oops=panic rdinit=/init"

	# Neither check of the clocks is safe where the host is busy.
	append+=" tsc=reliable no_timer_check"
	# A guest that hangs shall not use up its time.
	append+=" sysctl.kernel.panic_on_rcu_stall=1"
	append+=" sysctl.kernel.max_rcu_stall_to_panic=3"

	# SMAP is dear to emulate, and KASAN finds what it finds.
	[ "$KERNEL" != debug ] || cpu+=,smap=off,smep=off
	accel=(-accel "tcg,thread=multi" -smp "$smp" -cpu "$cpu")
	if [ -n "$ICOUNT" ]; then
		accel=(-accel "tcg,thread=single" -smp 1 -seed 1
			-icount "shift=0,sleep=off" -rtc clock=vm)
		append+=" nokaslr norandmaps"
	elif "$here/kvm-works.sh" "$boot"; then
		accel=(-accel kvm -smp "$smp" -cpu host)
	else
		append+=" mitigations=off nokaslr"
		[ "$KERNEL" != debug ] ||
			append+=" tsc_early_khz=$("$here/tsc-khz.sh" "$root")"
	fi
	qemu=(qemu-system-x86_64 -M pc "${accel[@]}" -m "$MEM" -nodefaults
		-display none -no-reboot -no-user-config
		-kernel "$boot.vmlinux" -initrd "$boot.initrd"
		-append "$append $APPEND"
		-serial "file:$LOGDIR/console.log"
		-drive "file=$root.squashfs,if=virtio,format=raw,readonly=on,file.locking=off"
		-device virtio-serial)
	share rill "$RILL_TOP"
	share rig "$LOGDIR/rig"
	share share "$SHARE"
	if [ -n "$RUN" ]; then
		qemu+=(-chardev "stdio,id=out,signal=off"
			-device "virtserialport,chardev=out,nr=1")
	else
		qemu+=(-chardev "stdio,id=tty,signal=off"
			-device "virtconsole,chardev=tty")
	fi
	# shellcheck disable=SC2206 # several arguments in one variable
	qemu+=($QEMU_ARGS)
}

# share TAG DIRECTORY
share()
{
	qemu+=(-virtfs
		"local,path=$2,mount_tag=$1,security_model=none,multidevs=remap")
}

run_guest()
{
	qemu_status=0
	# A standard input that ends would close the guest's output with it.
	rm -f "$LOGDIR/stdin"
	mkfifo "$LOGDIR/stdin"
	timeout --kill-after=5 "$TIMEOUT" "${qemu[@]}" <>"$LOGDIR/stdin" ||
		qemu_status=$?
	rm -f "$LOGDIR/stdin"
}

# Says what went wrong beside the command, and sets the status.
judge()
{
	local rig=$LOGDIR/rig

	status=1
	if [ "$qemu_status" = 124 ] || [ "$qemu_status" = 137 ]; then
		log "$KERNEL: the guest was ended after $TIMEOUT s"
	elif [ ! -e "$rig/status" ]; then
		log "$KERNEL: the guest died before the command ended"
		tail -n 30 "$LOGDIR/console.log" >&2 || true
	else
		status=$(cat "$rig/status")
	fi
	if [ -s "$rig/faults" ]; then
		log "$KERNEL: $(cat "$rig/faults")"
		[ "$status" != 0 ] || status=1
	elif [ -e "$rig/status" ] && [ ! -e "$rig/ended" ]; then
		log "$KERNEL: the guest died after the command ended"
		[ "$status" != 0 ] || status=1
	fi
	if ! "$here/log-check.sh" "$LOGDIR/console.log" >"$LOGDIR/bad"; then
		log "$KERNEL: the kernel's log tells of faults:"
		cat "$LOGDIR/bad" >&2
		[ "$status" != 0 ] || status=1
	fi
}

need_root
need qemu-system-x86_64=qemu-system-x86
root=$("$here/../root.sh" "$KERNEL")
boot=$("$here/boot.sh" "$KERNEL")
kept=$LOGDIR
if [ -z "$LOGDIR" ]; then
	mkdir -p "$RILL_CACHE/log"
	LOGDIR=$(mktemp -d "$RILL_CACHE/log/$KERNEL-$(date +%m%d-%H%M%S)-XXXX")
fi
mkdir -p "$LOGDIR"
[ -n "$SHARE" ] || {
	SHARE=$LOGDIR/share
	mkdir -p "$SHARE"
}
prepare
compose
qemu_status=0
if [ -n "$RUN" ]; then
	run_guest
	# Rarely, a guest of a busy host dies before anything of ours runs.
	[ -e "$LOGDIR/rig/started" ] || [ $qemu_status != 0 ] || {
		log "$KERNEL: the guest did not boot: once more"
		mv "$LOGDIR/console.log" "$LOGDIR/console-1.log"
		run_guest
	}
else
	saved=$(stty -g 2>/dev/null || true)
	[ -z "$saved" ] || stty raw -echo
	"${qemu[@]}" || qemu_status=$?
	[ -z "$saved" ] || stty "$saved"
fi
judge
if [ "$status" = 0 ] && [ -z "$kept" ]; then
	rm -rf "$LOGDIR"
else
	[ "$status" = 0 ] || log "$KERNEL: the guest's log is $LOGDIR/console.log"
fi
exit "$status"
