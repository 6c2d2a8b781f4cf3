/** `linux/lsm.h`. */
export const LSM_ID_BPF = 109;
