#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The guest's process 1: makes a small system, loads rill.ko, runs the
# command, looks what is left behind, and leaves the verdict in /rig.

export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
export USER=root TERM=dumb
cd /

# say TEXT: to the kernel's log, so that it stands among its lines.
say()
{
	echo "rig: $*" >/dev/kmsg
}

# fault TEXT: what the rig finds wrong beside the command's own status.
fault()
{
	say "FAULT: $*"
	echo "$*" >>/rig/faults
}

off()
{
	sync
	busybox reboot -f
	sleep 100
}

setup()
{
	local file

	mkdir -p /dev/pts /dev/shm /run /tmp
	mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
	mount -t tmpfs shm /dev/shm
	mount -t tmpfs run /run
	mount -t tmpfs tmp /tmp
	mount -t debugfs debug /sys/kernel/debug
	mount -t tracefs trace /sys/kernel/tracing
	[ ! -d /sys/fs/cgroup ] || mount -t cgroup2 cgroup /sys/fs/cgroup
	[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
	[ -e /dev/stdin ] || ln -s fd/0 /dev/stdin
	[ -e /dev/stdout ] || ln -s fd/1 /dev/stdout
	[ -e /dev/stderr ] || ln -s fd/2 /dev/stderr
	hostname rill
	ip link set lo up
	ulimit -c 0
	[ ! -e /proc/sys/kernel/printk_ratelimit ] ||
		echo 0 >/proc/sys/kernel/printk_ratelimit
	# An injected failure is no fault: no stack of it in the log.
	for file in /sys/kernel/debug/fail*/verbose; do
		[ ! -e "$file" ] || echo 0 >"$file"
	done
	# shellcheck source=/dev/null
	. /rig/env
}

# Files that DKMS installed into the root, put over it.
layer()
{
	[ ! -e /rig/layer.tar ] || tar -C / --keep-directory-symlink -xf /rig/layer.tar
}

load()
{
	[ -e /rig/rill.ko ] || return 0
	insmod /rig/rill.ko || fault "insmod rill.ko failed"
}

run()
{
	local port=/dev/vport0p1 status=0 pipe i

	cd /rill || cd /
	if [ -n "${RIG_SHELL:-}" ]; then
		TERM=$RIG_TERM
		setsid -c bash -c "stty rows ${RIG_ROWS:-24} cols ${RIG_COLS:-80}
			exec bash -l" </dev/hvc0 >/dev/hvc0 2>&1 || status=$?
	else
		# The port takes one opener; a pipe lets the command's children
		# open their output anew.
		mkfifo /run/output
		cat /run/output >"$port" &
		pipe=$!
		setsid bash /rig/command </dev/null >/run/output 2>&1 || status=$?
		for ((i = 0; i < 20; i++)); do
			kill -0 $pipe 2>/dev/null || break
			sleep 0.1
		done
	fi
	cd /
	echo "$status" >/rig/status
	say "the command ended with $status"
}

# The data of the kernel's own gcov, which outlives the module: taken before
# and, with what its exit ran, after.
coverage()
{
	local gcov=/sys/kernel/debug/gcov file name

	[ -d $gcov ] && [ -n "${RIG_COVERAGE:-}" ] || return 0
	mkdir -p /rig/gcov
	find $gcov -name '*.gcda' | while read -r file; do
		# Two directories may have a file of the same name.
		name=${file##*/module/}
		cat "$file" >"/rig/gcov/${name//\//-}"
	done
}

# unload: sockets of what was killed may be a moment in dying.
unload()
{
	local i

	grep -q '^rill ' /proc/modules || return 0
	for ((i = 0; i < 100; i++)); do
		if rmmod rill 2>/run/rmmod; then
			return 0
		fi
		sleep 0.1
	done
	fault "rmmod: $(cat /run/rmmod)" \
		"(references: $(cat /sys/module/rill/refcnt))"
	cat /proc/net/rill/sockets >/dev/kmsg
}

# kmemleak tells what it found unreferenced at two scans in turn, once the
# object is old enough (5 s).
leaks()
{
	local file=/sys/kernel/debug/kmemleak

	[ -e $file ] && [ -n "${RIG_LEAKS:-}" ] || return 0
	echo scan >$file
	# Nothing to wait for but the objects' age.
	sleep 6
	echo scan >$file
	cat $file >/run/leaks
	if [ -s /run/leaks ]; then
		fault "kmemleak: $(grep -c '^unreferenced' /run/leaks) objects"
		cp /run/leaks /rig/leaks
		while read -r line; do
			echo "$line"
		done </run/leaks >/dev/kmsg
	fi
}

touch /rig/started
setup
layer
load
run
kill -KILL -1
wait
coverage
unload
coverage
leaks
say "end"
touch /rig/ended
off
