import { expect, test } from "vitest";
import {
  CONNECTIONS_MAX,
  CONNECTIONS_OF_USER_MAX,
  STUCK_MAX,
  STUCK_OF_USER_MAX,
  WAITING_OF_USER_MAX,
} from "../../src/sessions/limits.ts";
import { hasRoomFor, shutOut } from "../../src/sessions/room.ts";

const of = (uid: number, count: number, isWaiting = false, isStuck = false) =>
  Array(count).fill({ peer: { uid }, isWaiting, isStuck });

test("one user's sessions leave room for others", () => {
  const own = of(7, CONNECTIONS_OF_USER_MAX);
  expect(hasRoomFor(7, own.slice(1))).toBe(true);
  expect(hasRoomFor(7, own)).toBe(false);
  expect(hasRoomFor(8, own)).toBe(true);
});

test("connections without a request have a lower limit", () => {
  const waiting = of(7, WAITING_OF_USER_MAX, true);
  expect(hasRoomFor(7, waiting)).toBe(false);
  expect(hasRoomFor(8, waiting)).toBe(true);
});

test("all users together do not keep root out", () => {
  const all = Array.from({ length: CONNECTIONS_MAX }, (_, at) => of(at + 1, 1)).flat();
  expect(hasRoomFor(5_000, all)).toBe(false);
  expect(hasRoomFor(0, all)).toBe(true);
});

test("a user with stuck processes is kept out, root never", () => {
  const stuck = (uid: number, count: number) => of(uid, count, true, true);
  expect(shutOut([...stuck(7, STUCK_OF_USER_MAX), ...of(7, 9, true)])).toEqual(new Set());
  expect(
    shutOut([...stuck(7, STUCK_OF_USER_MAX + 1), ...stuck(8, 1), ...stuck(0, STUCK_MAX)]),
  ).toEqual(new Set([7]));
  expect(shutOut(Array.from({ length: STUCK_MAX + 1 }, (_, uid) => stuck(uid + 1, 1)).flat())).toBe(
    "everybody",
  );
});
