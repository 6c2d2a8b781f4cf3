import { all } from "../../../src/kernel/syscalls.ts";
import {
  noProtocols,
  type SealedContext,
  type SocketGrants,
} from "../../../src/kernel/system-calls/sealed-context.ts";
import { everyWord, noWords } from "../../../src/kinds/model.ts";

export const everyProtocol = { kind: "all-but", numbers: [] } as const;

/** Everything listed, everything granted, the kernel holds what it can. */
export const permissive: SealedContext = {
  listed: new Set(all()),
  denied: new Set(),
  listener: true,
  handsOver: true,
  brokered: { creates: false, deletes: false, moves: false, links: false },
  sockets: {
    inet: "kernel",
    unix: "kernel",
    tcp: true,
    udp: true,
    datagrams: true,
    listensAnywhere: false,
    netlink: everyProtocol,
    ping: everyProtocol,
    raw: everyProtocol,
    packet: everyProtocol,
    vsock: everyProtocol,
  },
  words: everyWord,
  signalsHeld: true,
  truncateHeld: true,
  coreDumps: false,
  lateNames: "sealed",
};

const noSockets: SocketGrants = {
  inet: "refused",
  unix: "refused",
  tcp: false,
  udp: false,
  datagrams: false,
  listensAnywhere: false,
  netlink: noProtocols,
  ping: noProtocols,
  raw: noProtocols,
  packet: noProtocols,
  vsock: noProtocols,
};

/** Everything listed, nothing else granted, an old kernel: all that can be asked about is. */
export const strict: SealedContext = {
  ...permissive,
  brokered: { creates: true, deletes: true, moves: true, links: true },
  sockets: noSockets,
  words: noWords,
  signalsHeld: false,
  truncateHeld: false,
  handsOver: false,
};

export const brokering: SealedContext = {
  ...permissive,
  brokered: { creates: true, deletes: true, moves: true, links: true },
  sockets: { ...permissive.sockets, inet: "broker", unix: "broker" },
};

export const empty: SealedContext = { ...strict, listed: new Set() };
