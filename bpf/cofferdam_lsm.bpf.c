// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The bpf-lsm engine: holds every task that has a domain, from inside the kernel. Each header in
 * lsm/ is one concern; those that come last have the hooks. ARCHITECTURE.md says what is decided
 * where, and how another family of hooks is added.
 */
#include "lsm/task.h"
#include "lsm/files.h"
#include "lsm/entries.h"
#include "lsm/execve.h"
#include "lsm/root.h"
#include "lsm/network.h"
#include "lsm/received.h"
#include "lsm/unix.h"
#include "lsm/processes.h"
#include "lsm/capabilities.h"
#include "lsm/services.h"
#include "lsm/attributes.h"

char dual_license[] SEC("license") = "Dual BSD/GPL";
