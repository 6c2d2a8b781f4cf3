// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The bpf-lsm engine for Linux 6.1, which lacks what the other object asks the kernel for: names of
 * paths, reads without a type, loops of the verifier's, marks of control groups.
 */
#define BEFORE_6_12
#include "cofferdam_lsm.bpf.c"
