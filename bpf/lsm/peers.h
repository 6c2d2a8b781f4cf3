/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The map has one entry for each peer from which a process in a domain has taken a datagram, and
 * none for what a flood only queued. docs/cgroup-bpf.md has the same rule for the other engine.
 */
#ifndef COFFERDAM_LSM_PEERS_H
#define COFFERDAM_LSM_PEERS_H

#include "kernel.h"

/* Peers of all domains together, about. */
#define PEERS_MAX 65536

#include "../peers.h"

#endif
