import { isObject } from "../base/schema.ts";
import type { Event } from "./event.ts";

const texts = ["id", "time", "domain", "class", "operation", "object"] as const;
const orNull = ["rule", "reason"] as const;
const levels: Readonly<Record<Event["level"], true>> = {
  enforcing: true,
  warning: true,
  disabled: true,
};
const sources: Readonly<Record<Event["source"], true>> = {
  broker: true,
  kernel: true,
  agent: true,
  log: true,
};
const verdicts: Readonly<Record<Event["verdict"], true>> = {
  denied: true,
  warning: true,
  noted: true,
  failed: true,
  audit: true,
};

/**
 * Whether JSON is an event of this version or a newer one: it has the members that every reader
 * needs. Reasons, engines and further members are open, because a newer version may have more of
 * them. A log has hundreds of thousands of records, so this is no schema.
 */
export function isEvent(value: unknown): value is Event {
  return (
    isObject(value) &&
    value.v === 1 &&
    texts.every((name) => typeof value[name] === "string") &&
    orNull.every((name) => isTextOrNull(value[name])) &&
    isNumberOrNull(value.number) &&
    typeof value.count === "number" &&
    isOneOf(levels, value.level) &&
    isOneOf(sources, value.source) &&
    isOneOf(verdicts, value.verdict) &&
    isProcess(value.process) &&
    (value.allow === null || isLine(value.allow)) &&
    (value.help === undefined || typeof value.help === "string") &&
    (value.first === undefined || typeof value.first === "string") &&
    (value.by === undefined || isActor(value.by)) &&
    (value.supershell === undefined || isObject(value.supershell))
  );
}

function isProcess(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.pid === "number" &&
    isNumberOrNull(value.uid) &&
    isTextOrNull(value.comm) &&
    isTextOrNull(value.executable)
  );
}

function isLine(value: unknown): boolean {
  return isObject(value) && typeof value.section === "string" && typeof value.line === "string";
}

function isActor(value: unknown): boolean {
  return isObject(value) && typeof value.uid === "number" && isTextOrNull(value.name);
}

function isOneOf(names: Readonly<Record<string, true>>, value: unknown): boolean {
  return typeof value === "string" && Object.hasOwn(names, value);
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}

function isNumberOrNull(value: unknown): boolean {
  return value === null || typeof value === "number";
}
