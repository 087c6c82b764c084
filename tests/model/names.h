/* SPDX-License-Identifier: GPL-2.0-only */
/* machine.h in words, as Documentation/protocol.rst writes them. */
#ifndef NAMES_H
#define NAMES_H

#include "ether/machine.h"

static const char *const state_names[RILL_CONN_STATES] = {
	[RILL_CONN_DEAD] = "DEAD",
	[RILL_CONN_REQUESTED] = "REQUESTED",
	[RILL_CONN_PENDING] = "PENDING",
	[RILL_CONN_OFFERED] = "OFFERED",
	[RILL_CONN_OPEN] = "OPEN",
	[RILL_CONN_CLOSING] = "CLOSING",
	[RILL_CONN_QUIET] = "QUIET",
};

static const char *const event_names[RILL_CONN_EVENTS] = {
	[RILL_CONN_RX_REQUEST] = "RX_REQUEST",
	[RILL_CONN_RX_ACCEPT] = "RX_ACCEPT",
	[RILL_CONN_RX_DATA] = "RX_DATA",
	[RILL_CONN_RX_RESET] = "RX_RESET",
	[RILL_CONN_RX_CLOSE] = "RX_CLOSE",
	[RILL_CONN_ACKED] = "ACKED",
	[RILL_CONN_ADMIT] = "ADMIT",
	[RILL_CONN_LEAVE] = "LEAVE",
	[RILL_CONN_BREAK] = "BREAK",
	[RILL_CONN_REPEAT] = "REPEAT",
	[RILL_CONN_EXPIRE] = "EXPIRE",
};

#endif /* NAMES_H */
