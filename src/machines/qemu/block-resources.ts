import { complain } from "../complaint.ts";
import type { BlockNode, Description } from "../description.ts";
import { type Access, type ImageFormat, imageFormats } from "../resource.ts";

/** A lowest node, the formats above it, and whether it is written. */
interface Leaf {
  readonly node: BlockNode;
  readonly users: {
    readonly format: string;
    readonly access: Access;
    readonly namesParents: boolean;
  }[];
}

/**
 * Turns the nodes of all disks into images. This needs all nodes, because any of them may name the
 * format over a file. `others`: how to treat nodes that are named but not described.
 */
export function blockResources(to: Description, others: "missing" | "there" = "missing"): void {
  const byName = new Map<string, BlockNode>();
  for (const node of to.blockNodes) if (node.name !== null) byName.set(node.name, node);
  const leaves = new Map<BlockNode, Leaf>();
  const visit = (
    node: BlockNode,
    format: string,
    above: Access | null,
    namesParents: boolean,
  ): void => {
    const access = accessOf(node, above);
    if (node.path !== null) {
      const leaf = leaves.get(node) ?? { node, users: [] };
      leaf.users.push({ format, access, namesParents });
      leaves.set(node, leaf);
    }
    for (const { role, node: named } of node.children) {
      const child = typeof named === "string" ? byName.get(named) : named;
      if (child === undefined) {
        if (others === "there") continue;
        complain(
          node.origin,
          `there is no node \`${String(named)}\``,
          "write the -blockdev that it names before this one",
        );
      }
      const inner =
        role === "backing" || role === "data-file" || !isFormat(node.driver) ? "raw" : node.driver;
      visit(child, inner, role === "backing" ? "read" : access, node.namesParents);
    }
  };
  const named = new Set(to.blockNodes.flatMap((node) => node.children.map(({ node }) => node)));
  for (const node of to.blockNodes)
    if (node.name === null || !named.has(node.name)) visit(node, "raw", null, false);
  for (const { node, users } of leaves.values()) {
    if (node.path === null) continue;
    const user = users.find(({ format }) => format !== "raw") ?? users[0];
    const format = (user?.format ?? "raw") as ImageFormat;
    const access: Access = users.some(({ access }) => access === "read-write")
      ? "read-write"
      : "read";
    to.add(node.origin, {
      kind: "image",
      path: node.path,
      format,
      access,
      parents: user?.namesParents ? "none" : "own",
    });
  }
}

/**
 * The access that a node states. A node that opens for writing only on demand has the access of the
 * node above it.
 */
function accessOf(node: BlockNode, above: Access | null): Access {
  if (node.readsFirst) return node.access === "read" ? "read" : (above ?? "read-write");
  return node.access ?? "read-write";
}

function isFormat(driver: string): boolean {
  return (imageFormats as readonly string[]).includes(driver);
}
