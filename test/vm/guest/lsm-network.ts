/** Generated network rules and requests: `decide()` against the bpf-lsm engine. */
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
    lsm.engine.adopt(DOMAIN, () => [act.pid]);
    const found: string[] = [];
    for (const one of asked) found.push(...(await disagreement(policy, act, one)));
    await act.end();
    expect(found, `${seed}: ${lines.join("; ")}`).toEqual([]);
  }
});
