import { expect, test } from "vitest";
import { SEEN } from "./place.ts";
import { toldByConsole } from "./through.ts";

const seen = {
  version: "4.9",
  told: ["read /etc/x"],
  tried: [{ text: "write /etc/passwd", held: "domain" }],
};
const console = [
  "[  100.1] systemd[1]: Started pdns-recursor.service.",
  `${SEEN}pdns-recursor ${JSON.stringify(seen)}`,
  "[  200.2] busybox[300]: 200 s: held-pdns-recursor ended with status 0",
].join("\r\n");

test("the console of a machine that was ended tells what was seen of a daemon", () => {
  expect(toldByConsole(console, "pdns-recursor")).toMatchObject({ name: "pdns-recursor", ...seen });
});

test("it tells nothing of a daemon that was not reached, whatever others are called", () => {
  expect(toldByConsole(console, "pdns")).toEqual({
    name: "pdns",
    why: "it failed, or was not reached",
  });
});
