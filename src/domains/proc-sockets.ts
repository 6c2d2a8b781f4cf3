import { readdirSync } from "node:fs";
import { unlessGone } from "../kernel/unless-gone.ts";
import { readProcLink } from "./proc-stat.ts";

/** A line of proc_pid_net(5), spelled as the kernel does. */
export interface ProcSocket {
  readonly local: string;
  readonly remote: string;
  /** In hexadecimal (include/net/tcp_states.h), of UDP sockets, too. */
  readonly state: string;
  readonly inode: string;
}

export function parseSocketTable(text: string): readonly ProcSocket[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const words = line.trim().split(/\s+/);
      const [, local = "", remote = "", state = "", , , , , , inode] = words;
      return inode === undefined ? [] : [{ local, remote, state, inode }];
    });
}

/** None for a process that is gone or hidden. */
export function socketInodes(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  return (unlessGone(() => readdirSync(folder)) ?? []).flatMap(
    (fd) => /^socket:\[(\d+)\]$/.exec(readProcLink(`${folder}/${fd}`) ?? "")?.slice(1) ?? [],
  );
}
