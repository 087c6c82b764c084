/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RILL_COMPAT_LINUX_TIMER_H
#define RILL_COMPAT_LINUX_TIMER_H
#include_next <linux/timer.h>

/* 6.16 renamed it. */
#ifndef timer_container_of
#define timer_container_of from_timer
#endif

#endif
