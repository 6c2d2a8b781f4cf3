import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  DOMAIN,
  give,
  host,
  isSocket,
  PATIENCE_MS,
  Sender,
  TIMEOUT_MS,
  told,
  withoutAgent,
  withSenderHost,
} from "./sender-host.ts";

withSenderHost();

test("an agent that is killed changes nothing; the next one brings what it finds up to the table", {
  timeout: TIMEOUT_MS,
}, async () => {
  await give("enforcing");
  const daemon = new Sender();
  expect(await daemon.ask("send udp 127.0.0.2 47001")).toBe("EACCES");
  let late = daemon;
  await withoutAgent(async () => {
    expect(await daemon.ask("send udp 127.0.0.2 47001")).toBe("EACCES");
    late = new Sender();
    expect(await late.ask("send udp 127.0.0.2 47001")).toBe("EACCES");
  });
  await give("warning");
  for (const one of [daemon, late]) expect(await one.ask("send udp 127.0.0.2 47001")).toBe("OK");
});

test("without an agent, at a level of its own, a run's own mediator tells what is sent", {
  timeout: TIMEOUT_MS,
}, async () => {
  const begun = host.events().length;
  const daemon = new Sender({ run: ["--level", "warning"] });
  expect(await daemon.ask("send udp 127.0.0.2 47017")).toBe("OK");
  await give("enforcing");
  // It follows no table.
  expect(await daemon.ask("send udp 127.0.0.2 47018")).toBe("OK");
  await daemon.end();
  const warned = await told(begun, "warning udp 127.0.0.2:47017", "warning udp 127.0.0.2:47018");
  for (const port of [47017, 47018]) expect(warned.get(`warning udp 127.0.0.2:${port}`)).toBe(1);
});

test("a killed mediator loses none of what was sent meanwhile, and tells none twice", {
  timeout: TIMEOUT_MS,
}, async () => {
  const begun = host.events().length;
  const daemon = new Sender();
  expect(await daemon.ask("send udp 127.0.0.2 47021")).toBe("OK");
  await told(begun, "warning udp 127.0.0.2:47021");
  process.kill(host.mediator() ?? 0, "SIGKILL");
  expect(await daemon.ask("send udp 127.0.0.2 47022")).toBe("OK");
  // Asked about: its successor begins.
  expect(await daemon.ask("bind 127.0.0.1 47001")).toBe("OK");
  const warned = await told(begun, "warning udp 127.0.0.2:47022");
  expect(warned.get("warning udp 127.0.0.2:47021")).toBe(1);
  expect(warned.get("warning udp 127.0.0.2:47022")).toBe(1);
  // At the end of the run only the process started for it reads them.
  const last = host.mediator();
  if (last !== null) process.kill(last, "SIGKILL");
  expect(await daemon.ask("send udp 127.0.0.2 47023")).toBe("OK");
  await daemon.end();
  expect(
    (await told(begun, "warning udp 127.0.0.2:47023")).get("warning udp 127.0.0.2:47023"),
  ).toBe(1);
});

test("what many different destinations push out of the kernel's memory is counted", {
  timeout: TIMEOUT_MS,
}, async () => {
  const daemon = new Sender();
  const begun = host.events().length;
  const count = 9_000;
  await daemon.ask(`spread ${count} 127.0.0.4 50000`);
  await daemon.end();
  const until = Date.now() + PATIENCE_MS;
  const sum = () =>
    host
      .events()
      .slice(begun)
      .filter((event) => event.domain === DOMAIN)
      .filter((event) => isSocket(event) || ["lost", "folded"].includes(event.operation))
      .reduce((total, event) => total + event.count, 0);
  while (sum() < count && Date.now() < until) await pause(100);
  expect(sum()).toBe(count);
});
