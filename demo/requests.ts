import { type Scene, secretText } from "./scene.ts";

/**
 * One request to the server: what it does, and how to tell from the answer that it did what its
 * sender wanted.
 */
export interface Demonstration {
  readonly title: string;
  /** Path and query. */
  readonly request: string;
  readonly hostile: boolean;
  readonly worked: (answer: string) => boolean;
  /**
   * What the domain's refusal is about: operation and object of its event. Only for hostile
   * requests.
   */
  readonly refusal: {
    readonly operation: string;
    readonly object: RegExp;
    readonly seenBy: "kernel" | "broker";
  } | null;
}

export function demonstrations(scene: Scene): readonly Demonstration[] {
  const page = { hostile: false, refusal: null, request: "/page?name=index.html" };
  const served = (answer: string) => answer === "welcome\n";
  return [
    { ...page, title: "a visitor reads a page", worked: served },
    {
      title: "a visitor leaves a note",
      request: "/note?name=first&text=hello",
      hostile: false,
      worked: (answer) => answer === "noted\n",
      refusal: null,
    },
    {
      title: "path traversal: read a secret",
      request: `/page?name=${encodeURIComponent("../private/secret.txt")}`,
      hostile: true,
      worked: (answer) => answer.includes(secretText),
      refusal: { operation: "read", object: new RegExp(`^${scene.secret}$`), seenBy: "kernel" },
    },
    {
      title: "path traversal: plant a file",
      request: `/note?name=${encodeURIComponent("../../private/backdoor")}&text=boo`,
      hostile: true,
      worked: (answer) => answer === "noted\n",
      refusal: { operation: "create", object: new RegExp(`^${scene.planted}$`), seenBy: "broker" },
    },
    {
      title: "command injection: run a shell",
      request: `/lookup?host=${encodeURIComponent("x; id")}`,
      hostile: true,
      worked: (answer) => answer.includes("uid="),
      refusal: { operation: "execute", object: /^\/.*sh$/, seenBy: "kernel" },
    },
    { ...page, title: "a visitor reads the page again", worked: served },
  ];
}
