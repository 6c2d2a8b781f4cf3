import * as is from "../base/schema.ts";
import type { Placed } from "./place.ts";
import { imageFormats, type Resource } from "./resource.ts";

/** The schema of a machine's resources, their names, and what its images depend on. */

const text = is.text;
const format = is.oneOf(...imageFormats);
const access = is.oneOf("read", "read-write");
const operation = is.oneOf("listen", "connect");
const origin = is.object({
  argument: is.whole(),
  text,
  offset: is.nullable(is.whole()),
  piece: is.nullable(text),
});

const resource: is.Schema<Resource> = is.kinds(
  "kind",
  is.object({
    ...{ kind: is.oneOf("image"), origin, path: text, format, access },
    parents: is.oneOf("own", "none"),
  }),
  is.object({
    ...{ kind: is.oneOf("file"), origin, path: text },
    use: is.oneOf("read", "read-write", "log", "make"),
  }),
  is.object({ kind: is.oneOf("folder"), origin, path: text, access }),
  is.object({ kind: is.oneOf("device"), origin, path: text }),
  is.object({ kind: is.oneOf("pci"), origin, address: text }),
  is.object({ kind: is.oneOf("tap"), origin, interface: text }),
  is.object({ kind: is.oneOf("socket"), origin, operation, path: text }),
  is.object({
    ...{ kind: is.oneOf("address"), origin, operation, host: text },
    protocol: is.oneOf("tcp", "udp"),
    ports: is.object({ first: is.whole(), last: is.whole() }),
  }),
  is.object({ kind: is.oneOf("outside"), origin }),
);

const parent = is.object({ role: is.oneOf("parent", "data"), path: text, format });

export const namesSchema: is.Schema<Placed["names"]> = is.record(text);
export const parentsSchema: is.Schema<Placed["parents"]> = is.record(is.list(parent));

export const placedSchema: is.Schema<Placed> = is.object({
  resources: is.list(resource),
  names: namesSchema,
  parents: parentsSchema,
  ownAddresses: is.list(text),
});
