# SPDX-License-Identifier: GPL-2.0-only
# usage: awk -v family=NAME -f where.awk RESULTS MERGED
# RESULTS: the lines of rill-bench, in the order of the plugin's sections;
# MERGED: as profile.awk reads it. Prints for each operation of a family how
# its instructions divide, by the names of functions: the first that fits.

function kind_of(f)
{
	if (f ~ /\[rill\]/)
		return 1
	if (f ~ /copy|rep_movs|rep_stos|memcpy|memset|memmove|clear_page|__check_object_size/)
		return 2
	if (f ~ /sched|load_avg|_fair|entity|switch|wake|psi_|_rq|update_curr|pick_|enqueue_|dequeue_|ttwu|wait|vruntime|avg_|_clock|resched|preempt|cpuacct|next_task|timer|tick|idle/)
		return 3
	if (f ~ /SYSCALL|syscall|x64_sys|__sys_|exit_to_user|rseq|task_work|user space/)
		return 4
	if (f ~ /security|apparmor|^aa_|tomoyo|landlock|^cap_|lsm|inode_init_owner/)
		return 5
	if (f ~ /kmem|kmalloc|kfree|slab|memcg|page|alloc|lruvec|cgroup|virt_addr/)
		return 6
	if (f ~ /vfs|ksys|fget|fput|fd|file|dentry|^d_|dput|inode|iput|mnt|^__d|ioctx|splice|pipe|folio|shmem|fsnotify/)
		return 7
	if (f ~ /lock|rcu|bh_|mutex|refcount/)
		return 8
	if (f ~ /sock|skb|^sk_|net|scm|inet|tcp|^ip_|unix|datagram/)
		return 9
	return 10
}

function head(    i)
{
	n = split("module copies sched+wake syscall security memory files locks sockets other", \
		title, " ")
	printf "%-12s %8s", "operation", "all"
	for (i = 1; i <= n; i++)
		printf " %10s", title[i]
	print ""
}

FNR == NR {
	if (NF == 4 && $2 != "clock" && $4 != "-") {
		sections++
		if ($3 == family && $2 !~ /^mem/) {
			op[sections] = $2
			median[sections] = $4
		}
	}
	next
}

$2 ~ /^[A-Za-z]$/ {
	name = $3 (NF > 3 ? " " $4 : "")
	next
}

$1 != "windows" && $2 in op {
	k = kind_of($1 < "8" ? "user space" : name)
	insns[$2, k] += $3
	total[$2] += $3
}

END {
	printf "Where the instructions go, %s\n", family
	head()
	for (s = 1; s <= sections; s++) {
		if (!(s in op) || !total[s])
			continue
		printf "%-12s %8d", op[s], median[s]
		for (k = 1; k <= n; k++)
			printf " %10.0f", insns[s, k] / total[s] * median[s]
		print ""
	}
}
