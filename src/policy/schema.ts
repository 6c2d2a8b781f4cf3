import { controlCommands } from "../model/policy.ts";
import type { Key } from "./key.ts";
import { type KeyName, keys } from "./language.ts";

type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: "string", minLength: 1 };
const texts: Schema = { type: "array", items: text };

/**
 * JSON Schema (draft 2020-12) of a domain's file, for editors. It knows the shapes; only the parser
 * knows the grammar of a line.
 */
export function policySchema(): Schema {
  const properties = Object.fromEntries(
    Object.entries(keys).map(([name, key]) => [
      name,
      { description: (key as Key).summary, ...shapeSchema(name as KeyName, key) },
    ]),
  );
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Cofferdam policy",
    description: "One security domain. The file's name is the domain's name.",
    type: "object",
    minProperties: 1,
    additionalProperties: false,
    properties,
  };
}

function shapeSchema(name: KeyName, key: Key): Schema {
  switch (key.shape) {
    case "text":
      return text;
    case "choice":
      return { enum: key.choices, default: key.standard };
    case "choices":
      return { type: "array", items: { enum: key.choices } };
    case "texts":
      return texts;
    case "rules":
      return {
        type: "array",
        items: { ...text, pattern: linePattern(name, key), examples: [key.form] },
      };
    case "entries":
      return { type: "array", items: { oneOf: [onlyProperty("exec"), unitEntry] } };
    case "variables":
      return {
        type: "object",
        propertyNames,
        additionalProperties: { oneOf: [text, { ...texts, minItems: 1 }] },
      };
    case "parameters":
      return {
        type: "object",
        propertyNames,
        additionalProperties: { oneOf: [{ type: "string" }, parameter] },
      };
  }
}

const propertyNames: Schema = { pattern: "^[a-z][a-z0-9_-]*$" };
const parameter: Schema = {
  type: "object",
  additionalProperties: false,
  properties: { description: text, default: text, pattern: text },
};

const unitEntry: Schema = {
  type: "object",
  properties: { unit: text, outside: { type: "array", items: { enum: controlCommands } } },
  required: ["unit"],
  additionalProperties: false,
};

function onlyProperty(name: string): Schema {
  return {
    type: "object",
    properties: { [name]: text },
    required: [name],
    additionalProperties: false,
  };
}

/** Checks as much of a line as an editor needs to catch a missing operation. */
function linePattern(name: KeyName, key: Key): string {
  if (name === "files") return "^\\s*(deny\\s+)?([rwcdxmai]{1,8}\\s+\\S|[/$])";
  if (name === "network")
    return (
      "^\\s*(deny\\s+)?((connect|listen)\\s+(tcp|udp|unix)\\s+\\S|" +
      "(netlink|raw)\\s+\\S|(ping|packet|vsock)\\s*$)"
    );
  if (name === "transitions") return "^\\s*\\S+\\s+->\\s+\\S+\\s*$";
  if (key.choices !== undefined) return `^\\s*(deny\\s+)?((${key.choices.join("|")})(\\s+|$))+$`;
  return "^\\s*(deny\\s+)?[@A-Za-z0-9$]";
}
