import type { Request } from "./wire.ts";

/** What was known when a sandboxed shell began. */
export interface Login {
  /** Address of the client of ssh; null at a console. */
  readonly origin: string | null;
}

/** Shells that are open, by the process id of their run. A server that is started anew knows none of those before. */
export type Logins = Map<number, Login>;

/** sshd writes `ADDRESS PORT PORT`; a client of somebody else's may write what it likes, outside the sandbox alone. */
export function loginOf({ env }: Request): Login {
  const [address = ""] = (env.get("SSH_CLIENT") ?? "").split(" ");
  return { origin: /^[0-9A-Fa-f:.%\w]{1,64}$/.test(address) ? address : null };
}
