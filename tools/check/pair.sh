#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/check/pair.sh LOGDIR [KERNEL...]
# Two guests on one wire, with a real NIC driver and different kernels at the
# ends: tests/pair in each. Only pairs whose kernels are both named (default:
# all). Leaves results.tsv and failures in LOGDIR.

# shellcheck source=tools/kernels.sh
. "$(dirname "$0")/../kernels.sh"

# Near kernel (that the results are told of), far kernel, driver, qemu's device.
pairs=("7.2 6.1 virtio_net virtio-net-pci" "6.1 7.2 e1000 e1000")

dir=${1:-$RILL_CACHE/log/pair}
[ $# = 0 ] || shift
kernels=" ${*:-$ALL_KERNELS} "

# What runs in each guest.
command_of()
{
	echo "modprobe $driver && ip link set eth0 up && /share/pair $1"
}

# start WHO KERNEL NUMBER NETDEV ARGUMENTS: a guest with a NIC on the wire and a
# monitor that reads from a pipe.
start()
{
	local who=$1 kernel=$2 args

	mkdir -p "$run/$who"
	rm -f "$run/$who"/monitor.*
	mkfifo "$run/$who/monitor.in" "$run/$who/monitor.out"
	args="-chardev pipe,id=mon,path=$run/$who/monitor -mon chardev=mon"
	args+=" -pidfile $run/$who/pid"
	args+=" -netdev stream,id=wire,$4,addr.type=unix,addr.path=$wire"
	args+=" -device $device,id=nic,netdev=wire,mac=52:54:00:72:6c:0$3"
	KERNEL=$kernel MODULE=$dir/build-$kernel/rill.ko LOGDIR=$run/$who \
		SHARE=$dir/bin TIMEOUT=240 RUN=$(command_of "$5") \
		QEMU_ARGS=$args "$RILL_TOP/tools/vm/vm.sh" 2>"$run/$who/rig.log"
}

# The wire's own end listens: its flag in /proc/net/unix.
await_wire()
{
	local i

	for ((i = 0; i < 600; i++)); do
		! grep -q " 00010000 .* $wire\$" /proc/net/unix || return 0
		sleep 0.1
	done
	log "$name: no wire"
	return 1
}

# Does what the near guest asks for, and passes on what it says.
serve_requests()
{
	local line who what

	while IFS= read -r line; do
		line=${line%$'\r'}
		echo "$line"
		[[ $line == "rig: "* ]] || continue
		read -r _ who what <<<"$line"
		case $what in
		on | off) echo "set_link nic $what" >"$run/$who/monitor.in" ;;
		kill) kill -KILL "$(cat "$run/$who/pid")" ;;
		esac
	done
}

attempt()
{
	local far wire

	# A socket's path is short.
	wire=$(mktemp -u /tmp/rill-wire-XXXXXX)
	rm -rf "$run"
	mkdir -p "$run"
	start far "$far_kernel" 2 server=on far >"$run/far.out" &
	far=$!
	near_status=0
	if await_wire; then
		start near "$near_kernel" 1 server=off "near eth0" |
			serve_requests >"$run/output" || near_status=$?
	fi
	# It serves until it is killed, as its last test or here.
	[ ! -e "$run/far/pid" ] || kill -KILL "$(cat "$run/far/pid")" 2>/dev/null ||
		true
	wait "$far" || true
	rm -f "$wire"
}

fail()
{
	printf '%s\t%s\t0\t1\t0\n' "$near_kernel" "$name" >>"$dir/results.tsv"
	echo "$near_kernel: $name: $*" >>"$dir/failures"
}

judge()
{
	local passed failed

	passed=$(grep -cE '^ok [0-9]+' "$run/output" || true)
	failed=$(grep -cE '^not ok [0-9]+' "$run/output" || true)
	printf '%s\t%s\t%d\t%d\t0\n' "$near_kernel" "$name" "$passed" "$failed" \
		>>"$dir/results.tsv"
	grep -E '^not ok [0-9]+' "$run/output" |
		sed "s/^not ok [0-9]* - /$near_kernel: $name: /" \
			>>"$dir/failures" || true
	grep -q '^1\.\.' "$run/output" || fail "did not end: $run/output"
	[ "$near_status" = 0 ] || [ "$failed" != 0 ] ||
		fail "the near guest: $run/near/rig.log"
	"$RILL_TOP/tools/vm/log-check.sh" "$run/far/console.log" >"$run/far/bad" ||
		fail "the far guest's log: $run/far/console.log"
	log "$name, $near_kernel with $far_kernel: $passed passed," \
		"$failed failed ($((SECONDS - started)) s)"
}

# one_pair NEAR FAR DRIVER DEVICE
one_pair()
{
	local near_kernel=$1 far_kernel=$2 driver=$3 device=$4
	local name="pair $3" run=$dir/$3 near_status started=$SECONDS

	log "$name: $near_kernel with $far_kernel"
	attempt
	# vm.sh starts a guest again that did not boot; the wire is gone then.
	if [ -e "$run/far/console-1.log" ] || [ -e "$run/near/console-1.log" ]; then
		log "$name: once more"
		attempt
	fi
	judge
}

need_root
need qemu-system-x86_64=qemu-system-x86 rsync
rm -rf "$dir"
mkdir -p "$dir/bin"
: >"$dir/results.tsv"
: >"$dir/failures"
"$RILL_TOP/tools/in-root.sh" "$("$RILL_TOP/tools/root.sh" 6.12)" \
	"$RILL_TOP=/rill" "$dir/bin=/share" -- \
	make -s -C /rill/tests/pair OUT=/share
for pair in "${pairs[@]}"; do
	read -r near far driver device <<<"$pair"
	[[ $kernels == *" $near "* && $kernels == *" $far "* ]] || continue
	for kernel in $near $far; do
		[ -d "$dir/build-$kernel" ] ||
			BUILD_COPY=$dir/build-$kernel \
				"$RILL_TOP/tools/module.sh" "$kernel" >/dev/null
	done
	one_pair "$near" "$far" "$driver" "$device"
done
[ ! -s "$dir/failures" ]
