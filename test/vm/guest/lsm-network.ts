/** Generated network rules and requests: `decide()` against the bpf-lsm engine. */
import { createSocket } from "node:dgram";
import * as fs from "node:fs";
import * as net from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decide } from "../../../src/model/decide.ts";
import { parseAddress } from "../../../src/model/network.ts";
import type { Policy } from "../../../src/model/policy.ts";
import type { Request } from "../../../src/model/request.ts";
import { ACT, Lsm, policyOf, Trying } from "./lsm-arena.ts";

const CASES = Number(process.env.CASES);
const REQUESTS = 40;
const DOMAIN = 41;
const TREE = "/tmp/lsm-sockets";
const paths = ["a/s", "a/b/s", "a/b/t", "d/s"].map((name) => `${TREE}/${name}`);
const servers: net.Server[] = [];
let lsm: Lsm;

beforeAll(async () => {
  lsm = new Lsm();
  for (const path of paths) {
    fs.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    const server = net.createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
  }
});

afterAll(() => {
  for (const server of servers) server.close();
});

const places = [
  ...["127.0.0.1", "127.0.0.0/8", "10.0.0.0/7", "0.0.0.0", "[::1]", "[fe80::/10]", "[::]"],
  ...["[2001:db8::/33]", "10.1.2.0/26"],
];
const ports = fc.constantFrom("*", "8080", "8000-9000", "0");
const addressLine = fc
  .tuple(
    fc.constantFrom("", "deny "),
    fc.constantFrom("connect tcp", "connect udp", "listen tcp", "listen udp"),
    fc.option(fc.constantFrom(...places), { freq: 8 }),
    ports,
  )
  .map(([deny, what, place, port]) =>
    `${deny}${what} ${place === null ? port : `${place}:${port}`}`.replace(" *", " *"),
  );
const patterns = [
  ...[`${TREE}/**`, `${TREE}/a/s`, `${TREE}/a/*/s`, `${TREE}/{a,d}/s`],
  ...["@held*", "@held/x", "@*"],
];
const nameLine = fc
  .tuple(
    fc.constantFrom("", "", "deny "),
    fc.constantFrom("connect unix", "listen unix"),
    fc.constantFrom(...patterns),
  )
  .map((words) => `${words[0]}${words[1]} ${words[2]}`);

interface Asked {
  readonly line: string;
  readonly request: Request;
}

const address = fc.constantFrom(
  ...["127.0.0.1", "127.1.2.3", "10.1.2.3", "11.0.0.1", "12.0.0.1", "0.0.0.0"],
  ...["::1", "fe80::1", "2001:db8::1", "2001:db8:8000::1"],
);
const addressAsked = fc
  .tuple(
    fc.constantFrom(
      "connect tcp",
      "send udp",
      "connect udp",
      "fast tcp",
      "listen tcp",
      "listen udp",
    ),
    address,
    fc.constantFrom(0, 8080, 8081, 9001),
  )
  .map(([what, text, port]): Asked => {
    const [how, protocol] = what.split(" ") as [string, "tcp" | "udp"];
    const operation = how === "listen" ? "listen" : "connect";
    const bytes = parseAddress(text) as Uint8Array;
    return {
      line: `net ${what} ${text} ${port}`,
      request: { class: "address", operation, protocol, address: bytes, port },
    };
  });
const nameAsked = fc
  .tuple(
    fc.constantFrom("connect", "listen"),
    fc.constantFrom("stream", "dgram"),
    fc.constantFrom(...paths, "@held1", "@held/x", "@other", "@held\0x"),
  )
  .filter(([how, type, name]) =>
    name.startsWith("@") ? how === "listen" : type === "stream" && how === "connect",
  )
  .map(
    ([how, type, name]): Asked => ({
      line: `unix ${how} ${type} ${name.replace("\0", "%00")}`,
      request: { class: "name", operation: how as "connect", path: name },
    }),
  );

async function disagreement(policy: Policy, act: Trying, { line, request }: Asked) {
  const { outcome } = decide(policy, request);
  const answer = await act.does(line);
  const granted = answer === "EACCES" ? "denied" : "granted";
  return granted === outcome ? [] : [`${line}: decide() says ${outcome}, the kernel ${answer}`];
}

test("`decide()` and the kernel give the same answers about networks", async () => {
  const seed = Date.now();
  const cases = fc.record({
    lines: fc.array(fc.oneof(addressLine, nameLine), { minLength: 1, maxLength: 8 }),
    asked: fc.array(fc.oneof({ weight: 3, arbitrary: addressAsked }, nameAsked), {
      minLength: REQUESTS,
      maxLength: REQUESTS,
    }),
  });
  for (const { lines, asked } of fc.sample(cases, { numRuns: CASES, seed })) {
    const policy = policyOf([], lines);
    lsm.domain(DOMAIN, "enforcing", policy.names, policy);
    const act = new Trying(ACT);
    lsm.engine.labels.adopt(DOMAIN, () => [act.pid]);
    const found: string[] = [];
    for (const one of asked) found.push(...(await disagreement(policy, act, one)));
    await act.end();
    expect(found, `${seed}: ${lines.join("; ")}`).toEqual([]);
  }
});

/** What a server that is asked from 127.0.0.1:7001 gets to hear when it does the rest of `line`. */
async function asked(lines: readonly string[], own: string, line: string): Promise<string> {
  const policy = policyOf([], lines);
  lsm.domain(DOMAIN, "enforcing", policy.names, policy);
  const server = new Trying(ACT);
  lsm.engine.labels.adopt(DOMAIN, () => [server.pid]);
  const client = createSocket(own === "::1" ? "udp6" : "udp4");
  await new Promise<void>((resolve) =>
    client.bind(7001, own === "::1" ? own : "127.0.0.1", resolve),
  );
  // Nobody knows when it serves.
  const asking = setInterval(() => client.send("x", 7000, own === "::" ? "127.0.0.1" : own), 200);
  const [how, ...to] = line.split(" ");
  const heard = await server.does(`answer ${how} ${own} 7000 ${to.join(" ")}`);
  clearInterval(asking);
  await new Promise<void>((resolve) => client.close(resolve));
  await server.end();
  return heard;
}

test("a socket of `listen udp` answers where it has received a datagram from", async () => {
  const listens = ["listen udp 7000"];
  const address = Uint8Array.from([127, 0, 0, 1]);
  const answer = (port: number, of: readonly string[]) =>
    decide(policyOf([], of), {
      ...({ class: "address", operation: "connect", protocol: "udp", address, port } as const),
      ...(port === 7001 ? { answersFrom: { address, port: 7000 } } : {}),
    }).outcome;
  for (const how of ["send", "connect"]) {
    expect(await asked(listens, "127.0.0.1", `${how} 127.0.0.1 7001`)).toBe("0");
    expect(await asked(listens, "127.0.0.1", `${how} 0.0.0.0 7001`)).toBe("0");
    expect(await asked(listens, "127.0.0.1", `${how} 127.0.0.1 7002`)).toBe("EACCES");
    expect(await asked(listens, "127.0.0.1", `${how} 127.0.0.2 7001`)).toBe("EACCES");
    expect(await asked(listens, "::1", `${how} ::1 7001`)).toBe("0");
    expect(await asked(listens, "::1", `${how} :: 7001`)).toBe("EACCES");
    expect(await asked(listens, "::", `${how} ::ffff:127.0.0.1 7001`)).toBe("0");
    expect(await asked(listens, "::", `${how} ::ffff:127.0.0.1 7002`)).toBe("EACCES");
  }
  expect(answer(7001, listens)).toBe("granted");
  expect(answer(7002, listens)).toBe("denied");
  const denies = [...listens, "deny connect udp 127.0.0.1:7001"];
  expect(await asked(denies, "127.0.0.1", "send 127.0.0.1 7001")).toBe("EACCES");
  expect(answer(7001, denies)).toBe("denied");
});

test("another socket of the same port may not answer", async () => {
  const policy = policyOf([], ["listen udp 7000"]);
  lsm.domain(DOMAIN, "enforcing", policy.names, policy);
  const one = new Trying(ACT);
  lsm.engine.labels.adopt(DOMAIN, () => [one.pid]);
  expect(await one.does("net send udp 127.0.0.1 7001")).toBe("EACCES");
  await one.end();
});
