import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Owner } from "../../src/events/log/event-log.ts";
import { Epoll } from "../../src/kernel/epoll.ts";
import { type FileLock, lockFile } from "../../src/kernel/file-lock.ts";
import { LOG_AGAIN_MS, LOGGED_IN_STEP_MAX } from "../../src/mediate/limits.ts";
import { NO_DOMAIN } from "../../src/mediate/loop/in-hand.ts";
import { Timers } from "../../src/mediate/loop/timers.ts";
import { type EventOutput, logOutput } from "../../src/mediate/report/event-output.ts";
import { LogQueue } from "../../src/mediate/report/log-queue.ts";
import { anEvent } from "../events/an-event.ts";
import { scratchFolder } from "../support/scratch.ts";

let folder: string;
let queue: LogQueue;
let passedOn: string[];
/** Number of the domain that the loop serves, and those at which something was written. */
let inHand = -1;
let stepsThatWrote: number[];
/** Events that were passed on by the end of each of these. */
let passedBy: number[];
beforeEach(() => {
  folder = scratchFolder("log");
  [passedOn, stepsThatWrote, passedBy] = [[], [], []];
  queue = new LogQueue();
  queue.servedBy({
    timers: new Timers(new Epoll()),
    inHand: {
      run: (domain, step) => {
        inHand = domain;
        const before = objects().length;
        step();
        if (objects().length > before) {
          stepsThatWrote.push(domain);
          passedBy.push(passedOn.length);
        }
        inHand = -1;
      },
    },
  });
});
afterEach(() => rmSync(folder, { recursive: true }));

function objects(): string[] {
  const file = join(folder, "events.jsonl");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  return lines.map((line) => JSON.parse(line).object);
}

const ownerOf = (object: string): Owner => ({ passedOn: () => passedOn.push(object) });

function tell(output: EventOutput, object: string, owner = ownerOf(object)): void {
  output.append(anEvent({ object }), owner);
}

function tellAtOnce(output: EventOutput, object: string): void {
  output.append(anEvent({ object, class: "lifecycle" }), ownerOf(object));
}

/** As the loop does. */
function serveUntilWritten(count: number): void {
  const begun = performance.now();
  while (objects().length < count && performance.now() - begun < 20_000)
    if (queue.due <= performance.now()) queue.overdue();
}

/** Another process writes the log, and does not come to an end. */
function anothersLock(): FileLock {
  const lock = lockFile(join(folder, "events.head"));
  if (lock === null) throw new Error("the log is being written");
  return lock;
}

test("the events of a domain are written in a step that is for none", () => {
  const output = logOutput(folder, queue);
  tell(output, "one");
  tell(output, "two");
  expect([objects(), passedOn]).toEqual([[], []]);
  expect(queue.due).toBeLessThanOrEqual(performance.now());
  queue.overdue();
  expect([objects(), passedOn]).toEqual([
    ["one", "two"],
    ["one", "two"],
  ]);
  expect([stepsThatWrote, queue.due, inHand]).toEqual([[NO_DOMAIN], Number.POSITIVE_INFINITY, -1]);
  output.close();
});

test("a step writes few events, so that no stand-by takes it for a long one", () => {
  const output = logOutput(folder, queue);
  const objectsMany = Array.from({ length: 3 * LOGGED_IN_STEP_MAX }, (_, at) => `${at}`);
  for (const object of objectsMany) tell(output, object);
  queue.overdue();
  expect([objects(), passedOn]).toEqual([objectsMany, objectsMany]);
  expect(stepsThatWrote).toEqual([NO_DOMAIN, NO_DOMAIN, NO_DOMAIN]);
  // What is counted as passed on is in the log, should another process take over then.
  expect(passedBy).toEqual([1, 2, 3].map((step) => step * LOGGED_IN_STEP_MAX));
  output.close();
});

test("what waited for a locked log is written in small steps, too", () => {
  const output = logOutput(folder, queue);
  tell(output, "first");
  queue.overdue();
  const lock = anothersLock();
  const waited = Array.from({ length: 3 * LOGGED_IN_STEP_MAX }, (_, at) => `${at}`);
  for (const object of waited) tell(output, object);
  queue.overdue();
  lock.release();
  stepsThatWrote = [];
  serveUntilWritten(1 + waited.length);
  expect(objects()).toEqual(["first", ...waited]);
  expect(stepsThatWrote).toEqual([NO_DOMAIN, NO_DOMAIN, NO_DOMAIN]);
  output.close();
});

test("the mediator does not wait for a locked log, and tries again until all is written", () => {
  const output = logOutput(folder, queue);
  tell(output, "first");
  queue.overdue();
  const lock = anothersLock();
  tell(output, "second");
  queue.overdue();
  expect([objects(), passedOn]).toEqual([["first"], ["first"]]);
  expect(queue.due).toBeLessThanOrEqual(performance.now() + LOG_AGAIN_MS);
  expect(output.flush(), "something is left").toBe(true);
  lock.release();
  serveUntilWritten(2);
  expect([objects(), passedOn]).toEqual([
    ["first", "second"],
    ["first", "second"],
  ]);
  output.close();
});

test("what is written at once counts as passed on only when a locked log has it", () => {
  const output = logOutput(folder, queue);
  tell(output, "first");
  queue.overdue();
  const lock = anothersLock();
  tellAtOnce(output, "own");
  expect([objects(), passedOn]).toEqual([["first"], ["first"]]);
  lock.release();
  serveUntilWritten(2);
  expect([objects(), passedOn]).toEqual([
    ["first", "own"],
    ["first", "own"],
  ]);
  output.close();
});

test("what Cofferdam could not do is written at once, behind what waits", () => {
  const output = logOutput(folder, queue);
  tell(output, "waits");
  tellAtOnce(output, "own");
  expect([objects(), passedOn]).toEqual([
    ["waits", "own"],
    ["waits", "own"],
  ]);
  output.close();
});

test("what a domain leaves to another process is not written, and others' is", () => {
  const [left, stays] = [logOutput(folder, queue), logOutput(folder, queue)];
  tell(stays, "first");
  queue.overdue();
  const owner = ownerOf("left");
  const lock = anothersLock();
  tell(left, "waits for the log", owner);
  tell(stays, "stays");
  queue.overdue();
  tell(left, "waits for a step", owner);
  left.abandon(owner);
  lock.release();
  serveUntilWritten(2);
  expect([objects(), passedOn]).toEqual([
    ["first", "stays"],
    ["first", "stays"],
  ]);
  stays.close();
});

test("a domain that has ended finds its events in the log", () => {
  const output = logOutput(folder, queue);
  const other = logOutput(folder, queue);
  tell(output, "last");
  output.close();
  expect(objects()).toEqual(["last"]);
  other.close();
});
