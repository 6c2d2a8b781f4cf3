import type { ForwardStates } from "./system-forwarders.ts";

/** How far each sink was, as written down. @throws Error for a text that says something else */
export function parseStates(text: string): ForwardStates {
  const value: unknown = JSON.parse(text);
  if (!isObject(value) || !Object.values(value).every(isState))
    throw new Error("it does not say how far the sinks are");
  return value as ForwardStates;
}

function isState(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { position, sink } = value;
  return (position === null || isPosition(position)) && (sink === null || isSinkState(sink));
}

function isPosition(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { seq, hash, file, at } = value;
  return isCount(seq) && typeof hash === "string" && typeof file === "string" && isCount(at);
}

function isSinkState(value: unknown): boolean {
  return isObject(value) && typeof value.file === "string" && isCount(value.size);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
