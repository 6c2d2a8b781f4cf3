/** Who attacks in the virtual machine; `nobody` of its own /etc/passwd. */
export const attackers = { root: 0, user: 65_534 } as const;
export type AttackerName = keyof typeof attackers;
