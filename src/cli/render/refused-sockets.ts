import { denialKinds } from "../../compile/cgroup/denials.ts";
import type { RefusedSockets } from "../../host/refused-sockets.ts";

const words: Readonly<Record<(typeof denialKinds)[number], string>> = {
  create: "socket",
  connect: "connect",
  send: "send",
  bind: "bind",
  unixConnect: "unix connect",
  unixSend: "unix send",
};

export function renderRefusedSockets(refused: readonly RefusedSockets[]): string {
  if (refused.length === 0) return "";
  const lines = refused.flatMap(({ anchor, counts }) => {
    const some = denialKinds
      .filter((kind) => counts[kind] > 0n)
      .map((kind) => `${words[kind]} ${counts[kind]}`);
    return some.length === 0 ? [] : [`  ${anchor}\n    ${some.join(", ")}\n`];
  });
  const cgroups = refused.length === 1 ? "the cgroup" : `all ${refused.length} cgroups`;
  const none = `  none in ${cgroups} of ready plans\n`;
  return (
    "\nsocket calls that the kernel's programs have " +
    `refused\n${lines.length === 0 ? none : lines.join("")}`
  );
}
