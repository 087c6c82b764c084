#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tools/vm/log-check.sh LOG
# Prints the lines of a guest's kernel log that tell of a fault, and fails if
# there are any.

. "$(dirname "$0")/../lib.sh"

bad='WARNING:|BUG:|BUG at|Oops|Kernel panic|general protection'
bad+='|possible recursive locking|possible circular locking'
bad+='|possible irq lock|inconsistent lock state|suspicious RCU usage'
bad+='|possible deadlock|held lock freed|lock held when returning'
bad+='|sleeping function called|scheduling while atomic|bad unlock balance'
bad+='|INFO: task .* blocked|INFO: trying to register|kmemleak:|unreferenced object'
bad+='|UBSAN:|KASAN:|KFENCE:|ODEBUG|refcount_t|Call Trace|soft lockup'
bad+='|hard LOCKUP|rcu.*(stall|starved)|leaked reference|ref_tracker:'
bad+='|unregister_netdevice: waiting|page allocation failure: .*rill'
bad+='|Still \[|slab .*corrupt|Objects remaining|double free|list_(add|del) corruption'
bad+='|rig: FAULT:'

# What a kernel says at boot that is no fault.
good='kmemleak: (Kernel memory leak detector (initialized|disabled)|Automatic memory)'
good+='|[Cc]ommand line: |rcu:.*rcu_cpu_stall|RCU CPU stall warnings|refcount_t.*selftest'

[ $# = 1 ] || die "usage: tools/vm/log-check.sh LOG"
if grep -anE "$bad" "$1" | grep -avE "$good" | head -n 40; then
	exit 1
fi
exit 0
